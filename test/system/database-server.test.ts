import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabaseServer } from '#app/database-server.ts'
import { type EmbeddedPostgres, openEmbeddedPostgres } from '#platform/postgres/index.ts'
import { commandLine } from '#test/command-line.ts'

// A server that has never seen this product: none of its roles is there.

let folder: string
let server: EmbeddedPostgres

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-fresh-'))
  server = await openEmbeddedPostgres({ folder: join(folder, 'pg'), settings: { fsync: 'off' } })
})
afterAll(async () => {
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

async function asSuperuser(...statements: string[]) {
  const client = new pg.Client({ connectionString: server.url('postgres') })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

const password = 'geheim'

async function works(database: string, owner: { name: string; password: string }) {
  const roleOf = (name: string) => server.url(database, { name, password })
  const cli = commandLine({
    DATA_DIR: folder,
    DATABASE_URL: roleOf('app'),
    WORKER_DATABASE_URL: roleOf('queue'),
    MIGRATION_DATABASE_URL: server.url(database, owner),
  })
  expect((await cli.json('migrate')).applied).toContain('0001_access.sql')
  // Refused unless the application's role is bound by every policy.
  expect(await cli.json('tenant', 'create', '--name', 'Школа')).toMatchObject({ name: 'Школа' })
  expect(await cli.json('status')).toMatchObject({ workers: 0 })
}

test('migrate makes the missing roles when its own may', async () => {
  await asSuperuser(`CREATE ROLE owner LOGIN CREATEROLE PASSWORD '${password}'`, 'CREATE DATABASE courses OWNER owner')
  await works('courses', { name: 'owner', password })
})

test('migrate as a superuser takes the roles that are there', async () => {
  await asSuperuser('CREATE DATABASE more')
  await works('more', { name: server.superuser, password: server.password })
})

test('several that open a new embedded database at the same time do not get in each other’s way', async () => {
  const database = { kind: 'embedded', folder: join(folder, 'embedded') } as const
  const servers = await Promise.all([1, 2, 3, 4].map(() => openDatabaseServer(database)))
  expect(servers.map(({ applied }) => applied.length).filter((count) => count > 0)).toHaveLength(1)
  expect(new Set(servers.map(({ appUrl }) => appUrl)).size).toBe(1)
  await Promise.all(servers.map(({ close }) => close()))
})
