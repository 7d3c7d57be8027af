import { type Candidate, LIMIT } from './candidates.ts'
import type { Measured } from './measure.ts'

/** Of one candidate, over all rounds. */
export type Result = { candidate: Candidate; atOnce: number; rounds: Measured[] }

const MIB = 1024 * 1024
const TARGETS = { speed: 0.9, peakOfOne: 32 * MIB, peakOfEight: 160 * MIB }

/** What a kept file may cost the folder it is in: names, inodes. Without one, nothing may be written. */
const FOLDER_BYTES = 64 * 1024

/** A table of medians, and under it what was to be reached. */
export function report(results: Result[], size: number): string {
  const limit = results.find(({ candidate }) => candidate.name === LIMIT)
  const medians = results.map((result) => ({ ...result, ...mediansOf(result.rounds) }))
  const speed = limit && mediansOf(limit.rounds).mibPerSecond
  const head = ['', 'MiB/s', '× limit', 'CPU ms/MiB', 'peak RSS +MiB', 'max', 'temp disk MiB']
  const rows = medians.map(({ candidate, atOnce, rounds, mibPerSecond, cpuMsPerMib, peakBytes, diskBytes }) => [
    nameOf(candidate, atOnce, size),
    mibPerSecond.toFixed(0),
    speed === undefined || atOnce > 1 ? '' : (mibPerSecond / speed).toFixed(2),
    cpuMsPerMib.toFixed(2),
    (peakBytes / MIB).toFixed(1),
    (Math.max(...rounds.map((round) => round.peakBytes)) / MIB).toFixed(1),
    (diskBytes / MIB).toFixed(1),
  ])
  const verdicts = medians
    .filter(({ candidate }) => candidate.isOurs)
    .flatMap(({ candidate, atOnce, mibPerSecond, peakBytes, diskBytes }) => {
      const peak = atOnce > 1 ? TARGETS.peakOfEight : TARGETS.peakOfOne
      const checks: [string, boolean][] = [
        [`RSS ≤ ${peak / MIB} MiB`, peakBytes <= peak],
        ['no temp disk', diskBytes <= (candidate.keepsFiles ? atOnce * FOLDER_BYTES : 0)],
      ]
      // The limit knows no disk that must have every byte before it answers.
      if (speed !== undefined && atOnce === 1 && !candidate.keepsFiles)
        checks.unshift([`≥ ${TARGETS.speed} × limit`, mibPerSecond >= TARGETS.speed * speed])
      const said = checks.map(([what, isReached]) => `${what}: ${isReached ? 'ok' : 'OVER'}`)
      return `${nameOf(candidate, atOnce, size)}: ${said.join(', ')}`
    })
  return `${table([head, ...rows])}\n\n${verdicts.join('\n')}\n`
}

const nameOf = ({ name }: Candidate, atOnce: number, size: number) =>
  atOnce === 1 ? name : `${name}, ${atOnce} × ${size / 4 / MIB} MiB`

function mediansOf(rounds: Measured[]): Measured {
  const of = (field: keyof Measured) => {
    const sorted = rounds.map((round) => round[field]).sort((a, b) => a - b)
    const middle = sorted.length >> 1
    const [low = 0, high = 0] = [sorted[sorted.length % 2 === 1 ? middle : middle - 1], sorted[middle]]
    return (low + high) / 2
  }
  return {
    mibPerSecond: of('mibPerSecond'),
    cpuMsPerMib: of('cpuMsPerMib'),
    peakBytes: of('peakBytes'),
    diskBytes: of('diskBytes'),
  }
}

/** In Markdown, so that it can be kept as it is printed. */
function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(4, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  const padded = rows.map((row) =>
    line(row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))),
  )
  padded.splice(1, 0, line(widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))))
  return padded.join('\n')
}
