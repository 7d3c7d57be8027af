import type { Command } from 'commander'
import type { Config, Needs } from '../config.ts'
import type { Parts } from '../programs.ts'
import type { Services } from '../services.ts'
import type { Terminal } from './terminal.ts'

// What the programs are made of is loaded when one of them is run.

/** The programs that run until they are told to stop, and the one that goes before them. */
export function runCommands(program: Command, terminal: Terminal) {
  program
    .command('start')
    .description('run API and worker together; with an embedded database and file storage unless others are configured')
    .action(() => run({ api: true, worker: true }, { queue: true }, greet))

  program
    .command('api')
    .description('run the API alone')
    .action(() => run({ api: true, worker: false }, {}))

  program
    .command('worker')
    .description('run the background worker alone')
    .action(() => run({ api: false, worker: true }, { queue: true }))

  program
    .command('migrate')
    .description('bring the database up to this version')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const applied = await migrate(terminal.config({ migration: true, queue: true }))
      if (json) terminal.out(JSON.stringify({ applied }))
      else terminal.out(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`)
    })

  async function run(parts: Parts, needs: Needs, greet?: (config: Config, running: Running) => Promise<void>) {
    const config = terminal.config(needs)
    const { isClusterChild, leaveCluster, obeyParent, runCluster, tellReady } = await import('../process-cluster.ts')
    const { openLog, runProgram } = await import('../programs.ts')
    const { untilStopped } = await import('../signals.ts')
    const isCluster = parts.api && config.http.processes > 1 && !isClusterChild()
    const signals = isClusterChild() ? { signals: obeyParent() } : {}
    const deadlineMs = config.drainMs + STOP_MS
    await untilStopped(await openLog(config, terminal.stdout), { deadlineMs, ...signals }, async (log, stopping) => {
      const running = await (isCluster ? runCluster : runProgram)(config, parts, log, stopping)
      if (isClusterChild()) tellReady(running.url)
      if (greet && !stopping.aborted)
        await greet(config, running).catch(async (error) => {
          await running.stop()
          throw error
        })
      return running
    }).finally(leaveCluster)
  }

  async function greet(config: Config, { services, url = '' }: Running) {
    if (config.environment === 'production') return
    const { greeting } = await import('./greeting.ts')
    const text = (services: Pick<Services, 'db'>) => greeting(config, services, url)
    terminal.out(await (services ? text(services) : terminal.withServices(text)))
  }
}

type Running = { url?: string; services?: Services }

/** What closing takes beside waiting for what runs: at most half a minute, for the embedded database. */
const STOP_MS = 30_000

async function migrate({ database }: Config): Promise<string[]> {
  const { migrateServer, openDatabaseServer } = await import('../database-server.ts')
  const server = await openDatabaseServer(database)
  try {
    return database.kind === 'embedded' ? server.applied : await migrateServer(server)
  } finally {
    await server.close()
  }
}
