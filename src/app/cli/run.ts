import type { Command } from 'commander'
import { createTenants } from '#features/access/index.ts'
import type { Config, Needs } from '../config.ts'
import { migrateDatabase, openDatabaseServer } from '../database-server.ts'
import { runCluster } from '../process-cluster.ts'
import { openLog, runProgram } from '../programs.ts'
import { untilStopped } from '../signals.ts'
import type { Terminal } from './terminal.ts'
import { welcome } from './welcome.ts'

/** The programs that run until they are told to stop. */
export function runCommands(program: Command, terminal: Terminal) {
  const { out, config } = terminal
  const run = async (parts: { api: boolean; worker: boolean }, needs: Needs) => {
    const read = config(needs)
    if (parts.api && read.http.processes > 1) return runCluster(read, parts)
    await untilStopped(await openLog(read), (log) => runProgram(read, parts, log))
  }

  program
    .command('start')
    .description(
      'run API and worker in one process; with an embedded database and file storage unless others are configured',
    )
    .action(async () => {
      const read = config({ queue: true })
      if (read.http.processes > 1) return runCluster(read, { api: true, worker: true })
      await untilStopped(await openLog(read), async (log) => {
        const running = await runProgram(read, { api: true, worker: true }, log)
        if (read.environment !== 'production') out(await greeting(read, running))
        return running
      })
    })

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
      const { database } = config({ migration: true, queue: true })
      const server = await openDatabaseServer(database)
      try {
        const applied = database.kind === 'embedded' ? [] : await migrateDatabase(server)
        if (json) out(JSON.stringify({ applied }))
        else out(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`)
      } finally {
        await server.close()
      }
    })
}

/** On the first start of an embedded installation there is nobody yet: a tenant and a key to try things with. */
async function greeting(
  { database }: Config,
  { services, url = '' }: Awaited<ReturnType<typeof runProgram>>,
): Promise<string> {
  if (database.kind !== 'embedded') return welcome({ url })
  const tenants = createTenants(services)
  const known = await tenants.list()
  if (known.length > 0) return welcome({ url })
  await tenants.create('Demo')
  const { key } = await tenants.issueKey({ tenant: 'Demo', scopes: ['prep', 'check'], label: 'first start' })
  return welcome({ url, key })
}
