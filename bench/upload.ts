// What an upload costs, beside the SDK's uploader and beside the least that is possible. See docs/benchmarks.md.
import { availableParallelism, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { type Candidate, listCandidates } from './candidates.ts'
import type { Sending, Sent } from './client.ts'
import { measure } from './measure.ts'
import { canMeasure } from './meter.ts'
import { createProcesses } from './processes.ts'
import { type Result, report } from './report.ts'
import { createWorld } from './world.ts'

const MIB = 1024 * 1024

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
    /** Candidates to run, by name; all unless given. */
    only: { type: 'string', multiple: true },
    /** Without the files that are sent eight at once. */
    'one-at-a-time': { type: 'boolean', default: false },
    /** An option for the node that runs our API, to try what it changes. */
    node: { type: 'string', multiple: true, default: [] },
  },
})

const say = (text: string) => void process.stdout.write(`${text}\n`)

async function run() {
  const size = Number(values.mib) * MIB
  const processes = createProcesses()
  const stopped = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => reject(new Error(`Stopped by ${signal}.`)))
    }
  })
  // Told when the world is made: what is begun there is ended with it.
  stopped.catch(() => undefined)
  const world = await createWorld(processes).catch(async (error: unknown) => {
    await processes.stopAll()
    throw error
  })
  try {
    say(`${values.mib} MiB × ${values.rounds} rounds; Node.js ${process.versions.node}, ${machine()}`)
    await Promise.race([stopped, compare()])
  } finally {
    await processes.stopAll()
    await world.close()
  }

  async function compare() {
    const candidates = listCandidates(processes, world, values.node).filter(isWanted)
    const results: Result[] = candidates.map((candidate) => ({ candidate, atOnce: 1, rounds: [] }))
    if (!values['one-at-a-time']) {
      const ours = candidates.filter(({ isOurs }) => isOurs)
      results.push(...ours.map((candidate) => ({ candidate, atOnce: 8, rounds: [] })))
    }
    const client = processes.answer<Sending[], Sent>('client.ts')
    for (let round = 0; round < Number(values.rounds); round += 1) {
      // Nobody is always first, and no tenant fills its storage.
      for (const { candidate, atOnce, rounds } of rotated(results, round)) {
        const lecturers = rotated(world.lecturers, round).slice(0, atOnce)
        rounds.push(await measure(candidate, client, lecturers, atOnce === 1 ? size : size / 4))
        await world.emptyFiles()
        process.stderr.write('.')
      }
    }
    process.stderr.write('\n')
    say(report(results, size))
  }
}

const isWanted = ({ name }: Candidate) => values.only === undefined || values.only.includes(name)

const rotated = <T>(list: T[], by: number): T[] => [...list.slice(by % list.length), ...list.slice(0, by % list.length)]

const machine = () => `${availableParallelism()} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB of memory`

if (canMeasure()) {
  await run()
} else {
  process.stderr.write('This benchmark reads what the processes use from /proc, which only Linux has.\n')
  process.exitCode = 1
}
