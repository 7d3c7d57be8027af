import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '#test/database.ts'
import { createDatabase } from './database.ts'
import { readInstallation, requireMigrated } from './installation.ts'
import { migrate } from './migrate.ts'

let home: TestDatabase
let folder: string

beforeEach(async () => {
  home = await cloneDatabase()
  folder = await mkdtemp(join(tmpdir(), 'migrations-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
  await home.drop()
})

const write = (name: string, text: string) => writeFile(join(folder, name), text)
const run = () => migrate({ url: home.urls.owner, folder })

async function query(text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: home.urls.owner })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

const tables = async () =>
  (await query("SELECT tablename FROM pg_tables WHERE tablename LIKE 'new_%' ORDER BY 1")).map(
    (row) => (row as { tablename: string }).tablename,
  )

test('files are applied once, in the order of their names', async () => {
  await write('9002_b.sql', 'CREATE TABLE new_b AS SELECT * FROM new_a;')
  await write('9001_a.sql', 'CREATE TABLE new_a (id int);')
  await write('9000_notes.md', 'This is no SQL.')
  expect(await run()).toEqual(['9001_a.sql', '9002_b.sql'])
  expect(await run()).toEqual([])
  expect(await tables()).toEqual(['new_a', 'new_b'])
})

test('migrators that start together apply each file once', async () => {
  // Long enough that without the lock each would have begun before the first had ended.
  await write('9001_a.sql', 'SELECT pg_sleep(0.3); CREATE TABLE new_a (id int);')
  const applied = await Promise.all([run(), run(), run(), run()])
  expect(applied.flat()).toEqual(['9001_a.sql'])
})

test('a file that was changed after it was applied is refused, and nothing after it is applied', async () => {
  await write('9001_a.sql', 'CREATE TABLE new_a (id int);')
  await run()
  await write('9001_a.sql', 'CREATE TABLE new_a (id bigint);')
  await write('9002_b.sql', 'CREATE TABLE new_b (id int);')
  await expect(run()).rejects.toThrow('Migration 9001_a.sql was changed after it was applied.')
  expect(await tables()).toEqual(['new_a'])
})

test('a migration that fails leaves nothing of itself and can be mended', async () => {
  await write('9001_a.sql', 'CREATE TABLE new_a (id int);')
  await write('9002_b.sql', "CREATE TABLE new_b (id int); INSERT INTO new_b VALUES ('їжак');")
  await expect(run()).rejects.toThrow(/^Migration 9002_b.sql failed: invalid input syntax for type integer: "їжак"/)
  expect(await tables()).toEqual(['new_a'])
  await write('9002_b.sql', 'CREATE TABLE new_b (id int);')
  expect(await run()).toEqual(['9002_b.sql'])
})

test('a program newer than the database is told to migrate, an older one goes on', async () => {
  const db = createDatabase({ url: home.urls.app })
  await requireMigrated(db, folder)
  await write('9001_a.sql', 'CREATE TABLE new_a (id int);')
  await expect(requireMigrated(db, folder)).rejects.toThrow('lacks 1 migrations; run course-supporter migrate first')
  await run()
  await requireMigrated(db, folder)
  await db.close()
})

test('an installation has one id and one secret', async () => {
  const db = createDatabase({ url: home.urls.app })
  const { id, secret } = await readInstallation(db)
  expect(await readInstallation(db)).toEqual({ id, secret })
  expect(secret).toHaveLength(32)
  await db.close()
})
