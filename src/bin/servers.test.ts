import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build } from '#test/build.ts'
import { createClient } from '#test/client.ts'
import { type CommandLine, commandLine } from '#test/command-line.ts'
import { emptyDatabase, queryAsSuperuser, type TestDatabase } from '#test/database.ts'
import { spawnProgram } from '#test/program.ts'

// An installation on a server of its own: a database and roles made by its superuser, the programs apart.

const PASSWORD = 'п@ро:ль/%41'

let folder: string
let database: TestDatabase
let role: Record<'owner' | 'app' | 'queue', string>
let env: Record<string, string>
let cli: CommandLine

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-servers-'))
  database = await emptyDatabase()
  const name = new URL(database.urls.superuser).pathname.slice(1)
  role = { owner: `${name}_owner`, app: `${name}_app`, queue: `${name}_queue` }
  await queryAsSuperuser(database, `CREATE ROLE ${role.owner} LOGIN PASSWORD '${PASSWORD}'`)
  env = {
    DATA_DIR: folder,
    DATABASE_URL: urlOf(role.app),
    WORKER_DATABASE_URL: urlOf(role.queue),
    MIGRATION_DATABASE_URL: urlOf(role.owner),
  }
  cli = commandLine(env)
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

function urlOf(user: string): string {
  const url = new URL(database.urls.superuser)
  return `postgres://${user}:${encodeURIComponent(PASSWORD)}@${url.host}${url.pathname}`
}

async function refusal(...args: string[]): Promise<string> {
  const { code, out, err } = await cli.run(...args)
  expect({ code, out, lines: err.split('\n').length }).toEqual({ code: 1, out: '', lines: 2 })
  expect(err).not.toContain(PASSWORD)
  return err
}

test('migrate says what a superuser has to do, and it is enough', async () => {
  expect(await refusal('migrate')).toContain(`ALTER DATABASE "${database.name}" OWNER TO "${role.owner}";`)
  await queryAsSuperuser(database, `ALTER DATABASE "${database.name}" OWNER TO "${role.owner}"`)

  const statements = /Have a superuser run: (.*;)/.exec(await refusal('migrate'))?.[1] ?? ''
  expect(statements).toContain(`CREATE ROLE "${role.app}" LOGIN PASSWORD '…';`)
  expect(statements).toContain(`GRANT course_supporter_operator TO "${role.app}" WITH INHERIT false, SET TRUE;`)
  expect(await refusal('api')).toMatch(/database cannot be used: .*authentication failed/)

  await queryAsSuperuser(database, statements.replaceAll('…', PASSWORD))
  expect(await refusal('api')).toMatch(/lacks \d+ migrations; run course-supporter migrate first\.$/m)
  const { applied } = await cli.json('migrate')
  expect(applied).toContain('0001_access.sql')
  expect(await cli.json('migrate')).toEqual({ applied: [] })
})

test('api refuses roles that no policy binds', async () => {
  for (const DATABASE_URL of [database.urls.superuser, env['MIGRATION_DATABASE_URL'] ?? '']) {
    cli = commandLine({ ...env, DATABASE_URL })
    expect(await refusal('api')).toMatch(/Tenants are not isolated, refusing to start: /)
  }
  cli = commandLine(env)
})

test('api and worker as two programs do the work of one', { timeout: 120_000 }, async () => {
  await cli.json('tenant', 'create', '--name', 'Школа')
  const { key } = await cli.json('key', 'create', '--tenant', 'Школа', '--scopes', 'prep')
  const [api, worker] = [spawnProgram(env, ['api']), spawnProgram(env, ['worker'])]
  const [, url = ''] = await api.printed(/listening at (http:\S+)/)
  const client = createClient(url, key)
  const { id: course } = await build.course(client)
  expect(await build.readMaterial(client, course)).toMatchObject({ status: 'done' })
  expect(await cli.json('status')).toMatchObject({ workers: 1 })

  for (const program of [api, worker]) program.signal('SIGTERM')
  for (const program of [api, worker]) expect(await program.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
  expect(await cli.json('status')).toMatchObject({ workers: 0 })
})

test('a worker refuses a role that the queue does not belong to', async () => {
  cli = commandLine({ ...env, WORKER_DATABASE_URL: urlOf(role.app) })
  expect(await refusal('worker')).toMatch(/job queue cannot be used/)
})
