import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase, type Database } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { createFileStore, type ObjectStore } from '#platform/objects/index.ts'
import { cloneDatabase, type TestDatabase } from '#test/database.ts'
import { startS3Store } from '#test/fakes/s3/store.ts'
import { capturedLog } from '#test/log.ts'
import { createSweepChore, dropExpiredUploads, sweep } from './index.ts'
import { DAY_MS, type SweepOrder } from './sweep.ts'
import { survey } from './sweep-survey.ts'

// Whatever is there is older than the minute that follows.
const ALL = { graceMs: -60_000 }

type Home = {
  database: TestDatabase
  db: Database
  superuser: pg.Client
  tenant: string
  course: string
  key(): string
}

let home: Home
let undo: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  home = await openHome(await cloneDatabase())
})
beforeEach(async () => {
  await sql(home, 'TRUNCATE materials, uploads, discarded_objects CASCADE')
  await sql(
    home,
    `UPDATE installation SET database_mark = NULL, storage_generation = 0, sweep_id = NULL, sweep_until = NULL, swept_at = NULL, created_at = now() - interval '1 day'`,
  )
})
afterEach(async () => {
  for (const step of undo.reverse()) await step()
  undo = []
})
afterAll(() => closeHome(home))

async function openHome(database: TestDatabase): Promise<Home> {
  const db = createDatabase({ url: database.urls.app, poolSize: 3 })
  const superuser = new pg.Client({ connectionString: database.urls.superuser })
  await superuser.connect()
  const [tenant, course] = [newId(), newId()]
  const opened = { database, db, superuser, tenant, course, key: () => `${tenant}/${course}/${newId()}` }
  await sql(opened, 'INSERT INTO tenants (id, name) VALUES ($1, $2)', [tenant, `Школа ${tenant}`])
  await sql(opened, `INSERT INTO courses (id, tenant_id, title) VALUES ($1, $2, 'Курс')`, [course, tenant])
  return opened
}

async function closeHome({ db, superuser, database }: Home) {
  await db.close()
  await superuser.end()
  await database.drop()
}

const sql = async ({ superuser }: Pick<Home, 'superuser'>, text: string, values: unknown[] = []) =>
  (await superuser.query(text, values)).rows

async function ownedBy(home: Home, owner: 'materials' | 'uploads' | 'discarded_objects', key = home.key()) {
  const values = [newId(), home.tenant, home.course, key]
  if (owner === 'discarded_objects') await sql(home, `INSERT INTO discarded_objects (object_key) VALUES ($1)`, [key])
  else if (owner === 'materials') {
    await sql(
      home,
      `INSERT INTO materials (id, tenant_id, course_id, object_key, source_type, filename, size_bytes)
       VALUES ($1, $2, $3, $4, 'text', 'урок.md', 1)`,
      values,
    )
  } else {
    await sql(
      home,
      `INSERT INTO uploads (id, tenant_id, course_id, object_key, kind, expires_at)
       VALUES ($1, $2, $3, $4, 'resumable', now() + interval '1 day')`,
      values,
    )
  }
  return key
}

async function openFiles(): Promise<ObjectStore> {
  const folder = await mkdtemp(join(tmpdir(), 'course-supporter-sweep-'))
  undo.push(() => rm(folder, { recursive: true }))
  return createFileStore({ folder })
}

async function openBucket() {
  const s3 = await startS3Store()
  undo.push(s3.close)
  return s3
}

async function put(objects: ObjectStore, ...keys: string[]) {
  await Promise.all(keys.map((key) => objects.put(key, bytes(), { maxBytes: 10 })))
  return keys
}
async function* bytes() {
  yield Buffer.from('Ї')
}

async function keysOf(objects: ObjectStore) {
  const keys: string[] = []
  for await (const { key } of objects.list('')) if (!key.startsWith('installation/')) keys.push(key)
  for await (const { key } of objects.partial.list('')) keys.push(`unfinished ${key}`)
  return keys.toSorted()
}

describe.each([
  ['files', openFiles],
  ['s3', async () => (await openBucket()).store],
])('%s', (_driver, open) => {
  test('what nothing owns goes when it is old, and nothing else', async () => {
    const objects = await open()
    const [material, upload, discarded, restarted] = [
      await ownedBy(home, 'materials'),
      await ownedBy(home, 'uploads'),
      await ownedBy(home, 'discarded_objects'),
      await ownedBy(home, 'materials'),
    ]
    const [orphan, begun] = [home.key(), home.key()]
    const strange = [
      'backups/database.dump',
      home.key().toUpperCase(),
      `${home.key()}.bak`,
      `${home.key()}/x`,
      `a/${home.key()}`,
      `${home.tenant}/note`,
    ]
    const owned = await put(objects, material, `${upload}.tail-17`, discarded, ...strange)
    await put(objects, orphan, `${home.key()}.tail-5`, `${material}.tail-9`)
    for (const key of [upload, discarded, 'backups/part', begun, begun, restarted]) {
      await objects.partial.begin(key, { size: 30_000_000 })
    }
    const all = await keysOf(objects)

    const young = await sweep({ ...home, objects })
    expect(young).toMatchObject({ objects: 6, uploads: 4, others: 7, unowned: 0, alarm: undefined })
    expect(await keysOf(objects)).toEqual(all)

    const report = await sweep({ ...home, objects }, ALL)
    expect(report).toMatchObject({ unowned: 5, removed: 3, aborted: 2, failed: 0, alarm: undefined })
    const left = [...owned, ...[upload, discarded, 'backups/part'].map((key) => `unfinished ${key}`)]
    expect(await keysOf(objects)).toEqual(left.toSorted())
    expect(await sweep({ ...home, objects }, ALL)).toMatchObject({ unowned: 0, removed: 0 })
  })
})

test('attempts at one key are as young as the youngest, and what has no age is young', async () => {
  const [old, mixed, reversed, ageless] = Array.from({ length: 4 }, home.key).toSorted() as [
    string,
    string,
    string,
    string,
  ]
  const [past, now, never] = [new Date(1_000), new Date(3_000), new Date(0)]
  const attempts: [string, Date][] = [
    [old, past],
    [old, past],
    [mixed, past],
    [mixed, now],
    [reversed, now],
    [reversed, past],
    [ageless, never],
    [ageless, past],
  ]
  const objects = {
    async *list() {
      yield { key: ageless, size: 1, modifiedAt: never }
    },
    partial: {
      async *list() {
        for (const [key, startedAt] of attempts) yield { key, uploadId: newId(), startedAt }
      },
    },
  }
  const seen = await survey({ objects, unowned: async (_kind, keys) => keys }, { before: new Date(2_000), limit: 9 })
  expect(seen.candidates).toEqual([{ kind: 'upload', key: old, since: past }])
  expect(seen).toMatchObject({ objects: 1, uploads: 4, unowned: 1, oldest: past })
})

test('what has found an owner since it was seen stays', async () => {
  const objects = await openFiles()
  const [first = '', second = ''] = (await put(objects, home.key(), home.key())).toSorted()
  const deleting: ObjectStore = {
    ...objects,
    delete: async (key) => {
      await ownedBy(home, 'materials', second)
      await objects.delete(key)
    },
  }
  expect(await sweep({ ...home, objects: deleting }, ALL)).toMatchObject({ unowned: 2, removed: 1 })
  expect(await keysOf(objects)).toEqual([second])
  expect(first < second).toBe(true)
})

test('what cannot be removed holds up nothing else, and goes with the next pass', async () => {
  const { store: objects, server } = await openBucket()
  await put(objects, home.key(), home.key(), home.key())
  server.faults.next('DeleteObject', { kind: 'status', status: 403 })
  const report = await sweep({ ...home, objects }, ALL)
  expect(report).toMatchObject({ unowned: 3, removed: 2, failed: 1, error: expect.any(Error) })
  // Whatever ends a pass in its middle lets the next one begin.
  server.faults.next('ListMultipartUploads', { kind: 'status', status: 403 })
  await expect(sweep({ ...home, objects }, ALL)).rejects.toThrow()
  expect(await sweep({ ...home, objects }, ALL)).toMatchObject({ removed: 1, failed: 0 })
})

/** A storage of which only the keys are real. */
function listing(objects: ObjectStore, keys: string[]): ObjectStore & { left: Set<string> } {
  const left = new Set(keys)
  return {
    ...objects,
    left,
    async *list(prefix) {
      yield* objects.list(prefix)
      if (prefix === '') for (const key of [...left]) yield { key, size: 1, modifiedAt: new Date() }
    },
    delete: async (key) => void left.delete(key),
  }
}

test.each([
  [100, 100, 101],
  [15_090, 150, 151],
])('of %i owned objects and more, %i may go unasked, but not %i', async (count, few, many) => {
  const rows = await sql(
    home,
    `INSERT INTO materials (id, tenant_id, course_id, object_key, source_type, filename)
     SELECT id, $1::uuid, $2::uuid, concat_ws('/', $1::uuid, $2::uuid, id), 'text', 'a' FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $3)) AS new
     RETURNING object_key`,
    [home.tenant, home.course, count - few],
  )
  const owned = rows.map(({ object_key }) => String(object_key))
  const unowned = Array.from({ length: many }, home.key)
  const objects = listing(await openFiles(), [...unowned, ...owned])
  const refused = await sweep({ ...home, objects }, ALL)
  expect(refused).toMatchObject({ unowned: many, removed: 0, alarm: { reason: 'too_many' } })
  expect(refused.alarm?.examples).toHaveLength(5)
  objects.left.delete(unowned[0] ?? '')
  expect(objects.left.size).toBe(owned.length + few)
  expect(await sweep({ ...home, objects }, { ...ALL, round: 1 })).toMatchObject({ unowned: few, removed: 1 })
})

test('confirmed, everything goes, a round at a time', async () => {
  const files = await openFiles()
  const objects = listing(files, Array.from({ length: 25 }, home.key))
  expect(await sweep({ ...home, objects }, { ...ALL, round: 10 })).toMatchObject({ unowned: 25, removed: 10 })
  expect(await sweep({ ...home, objects }, { ...ALL, round: 6, confirm: true })).toMatchObject({ removed: 15 })
  expect(objects.left.size).toBe(0)
})

async function twice(home: Home, objects: ObjectStore, order: SweepOrder = ALL) {
  const [first, second] = [await sweep({ ...home, objects }, order), await sweep({ ...home, objects }, order)]
  expect(second.alarm).toEqual(first.alarm)
  return first
}

describe('a database that is younger than the objects removes nothing, again and again, until somebody confirms', () => {
  test('a restored backup', async () => {
    const objects = await openFiles()
    const [before = ''] = await put(objects, await ownedBy(home, 'materials'))
    await sweep({ ...home, objects })
    await Promise.all([home.db.close(), home.superuser.end()])
    const backup = await cloneDatabase(home.database.name)
    const [restored, itself] = [await openHome(backup), await openHome(home.database)]
    undo.push(() => closeHome(restored))
    home = itself
    const since = await put(objects, await ownedBy(home, 'materials'))
    await ownedBy(restored, 'uploads')
    const expired = { now: new Date(Date.now() + 2 * DAY_MS) }

    expect(await twice(restored, objects)).toMatchObject({ removed: 0, alarm: { reason: 'restored', examples: since } })
    expect(await dropExpiredUploads(restored.db, expired)).toBe(0)
    // The one that it was copied from goes on.
    expect(await sweep({ ...home, objects }, ALL)).toMatchObject({ unowned: 0, alarm: undefined })
    expect(await sweep({ ...restored, objects }, { ...ALL, confirm: true })).toMatchObject({ removed: 1 })
    expect(await dropExpiredUploads(restored.db, expired)).toBe(1)
    expect(await keysOf(objects)).toEqual([before])
    // Until the other one was confirmed to be the right one.
    expect(await twice(home, objects)).toMatchObject({ alarm: { reason: 'set_back' } })
    expect(await sweep({ ...restored, objects }, ALL)).toMatchObject({ alarm: undefined })
  })

  test('a snapshot of its disk', async () => {
    const objects = await openFiles()
    for (const _ of [1, 2, 3]) await sweep({ ...home, objects })
    await put(objects, home.key())
    await sql(home, 'UPDATE installation SET storage_generation = storage_generation - 1')
    expect(await twice(home, objects)).toMatchObject({ removed: 0, unowned: 1, alarm: { reason: 'set_back' } })
    expect(await sweep({ ...home, objects }, { ...ALL, confirm: true })).toMatchObject({ removed: 1 })
    expect(await twice(home, objects)).toMatchObject({ alarm: undefined })
  })

  test('one from before the first pass', async () => {
    const objects = await openFiles()
    await sweep({ ...home, objects })
    await sql(home, 'UPDATE installation SET storage_generation = 0, database_mark = NULL')
    expect(await twice(home, objects)).toMatchObject({ alarm: { reason: 'set_back' } })
  })

  test('one that was made after the objects', async () => {
    const objects = await openFiles()
    await put(objects, home.key())
    await sql(home, `UPDATE installation SET created_at = now() + interval '1 minute'`)
    expect(await twice(home, objects)).toMatchObject({ removed: 0, alarm: { reason: 'younger' } })
    expect(await sweep({ ...home, objects }, { ...ALL, confirm: true })).toMatchObject({ removed: 1 })
  })

  test('a count that cannot be read', async () => {
    const objects = await openFiles()
    await sweep({ ...home, objects })
    const [{ id } = {}] = await sql(home, 'SELECT id FROM installation')
    await put(objects, `installation/${id}.json`)
    expect(await twice(home, objects)).toMatchObject({ alarm: { reason: 'set_back' } })
    await sweep({ ...home, objects }, { ...ALL, confirm: true })
    expect(await twice(home, objects)).toMatchObject({ alarm: undefined })
  })
})

test('one process sweeps at a time; a dead one holds nobody up', async () => {
  const objects = await openFiles()
  await put(objects, home.key())
  let during: unknown
  const outer: ObjectStore = {
    ...objects,
    async *list(prefix) {
      if (prefix === '') during = await sweep({ ...home, objects }, ALL).catch((error: unknown) => error)
      yield* objects.list(prefix)
    },
  }
  expect(await sweep({ ...home, objects: outer }, ALL)).toMatchObject({ removed: 1 })
  expect(during).toMatchObject({ code: 'storage.sweep_runs' })

  await put(objects, home.key())
  await sql(home, `UPDATE installation SET sweep_id = $1, sweep_until = now() + interval '1 minute'`, [newId()])
  await expect(sweep({ ...home, objects }, ALL)).rejects.toMatchObject({ code: 'storage.sweep_runs' })
  await sql(home, 'UPDATE installation SET sweep_until = now()')
  expect(await sweep({ ...home, objects }, ALL)).toMatchObject({ removed: 1 })
})

test('one that was taken for dead stops before it removes more', async () => {
  const objects = await openFiles()
  await put(objects, home.key(), home.key())
  const slow: ObjectStore = {
    ...objects,
    delete: async (key) => {
      await objects.delete(key)
      await sql(home, `UPDATE installation SET sweep_id = $1, sweep_until = now() + interval '1 minute'`, [newId()])
    },
  }
  await expect(sweep({ ...home, objects: slow }, ALL)).rejects.toMatchObject({ code: 'storage.sweep_runs' })
  expect(await keysOf(objects)).toHaveLength(1)
  // The claim of the other one stands.
  await expect(sweep({ ...home, objects }, ALL)).rejects.toMatchObject({ code: 'storage.sweep_runs' })
})

test('a worker sweeps when it starts and then once an hour, whoever did it last; what it must not, it tells once a pass', async () => {
  const objects = await openFiles()
  const { log, lines } = await capturedLog()
  const generation = async () =>
    Number((await sql(home, 'SELECT storage_generation FROM installation'))[0]?.['storage_generation'])
  const [signal, deps] = [new AbortController().signal, { ...home, objects, log }]
  const refusals: boolean[] = []
  const tellRefusal = (refuses: boolean) => refusals.push(refuses)
  const [one, other] = [createSweepChore({ ...deps, tellRefusal }), createSweepChore(deps)]
  const hourLater = () => sql(home, `UPDATE installation SET swept_at = now() - interval '61 minutes'`)
  for (const chore of [one, one, other, other]) await chore(signal)
  expect(await generation()).toBe(2)
  await hourLater()
  for (const chore of [one, other, one]) await chore(signal)
  expect(await generation()).toBe(3)
  expect(lines).toEqual([])

  await sql(home, 'UPDATE installation SET storage_generation = 1')
  await hourLater()
  for (const chore of [one, one, other]) await chore(signal)
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ level: 'error', reason: 'set_back', unowned: 0, examples: [] }),
  ])
  expect(refusals.at(-1)).toBe(true)
  // An operator has looked: nothing more is refused, though this process has its next pass in an hour.
  await sweep(deps, { confirm: true })
  await one(signal)
  expect(refusals.at(-1)).toBe(false)
})
