import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase, type Database } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { createFileStore, type ObjectStore } from '#platform/objects/index.ts'
import { type CommandLine, commandLine } from '#test/command-line.ts'
import { cloneDatabase, queryAsSuperuser, type TestDatabase } from '#test/database.ts'
import { type StoreOnFake, startS3Store } from '#test/fakes/s3/store.ts'
import { capturedLog } from '#test/log.ts'
import { claimStorage, ForeignStorage, sweep } from './index.ts'

type Home = { database: TestDatabase; db: Database; id: string }

let ours: Home
let theirs: Home
let s3: StoreOnFake
let folder: string

beforeAll(async () => {
  ;[ours, theirs] = [await openHome(), await openHome()]
})
afterAll(async () => {
  for (const { db, database } of [ours, theirs]) {
    await db.close()
    await database.drop()
  }
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-claim-'))
  s3 = await startS3Store()
})
afterEach(async () => {
  await rm(folder, { recursive: true })
  await s3.close()
})

async function openHome(): Promise<Home> {
  const database = await cloneDatabase()
  const [row] = await queryAsSuperuser<{ id: string }>(
    database,
    'UPDATE installation SET id = gen_random_uuid() RETURNING id',
  )
  return { database, db: createDatabase({ url: database.urls.app, poolSize: 2 }), id: row?.id ?? '' }
}

async function claim({ db }: Home, objects: ObjectStore, deadlineMs?: number) {
  const { log, lines } = await capturedLog()
  return { objects: await claimStorage({ db, objects, log }, deadlineMs), lines }
}

async function keysOf(objects: ObjectStore) {
  const keys: string[] = []
  for await (const { key } of objects.list('')) keys.push(key)
  return keys
}

const bytes = () => new Blob(['Ї']).stream()
const markerOf = ({ id }: Home) => `installation/${id}.json`

describe.each<[string, () => ObjectStore]>([
  ['a folder', () => createFileStore({ folder: join(folder, 'objects') })],
  ['a bucket', () => s3.store],
])('%s', (_driver, open) => {
  test('is known by its first user, whom it lets in again, and by nobody else', async () => {
    const objects = open()
    await objects.put('backups/a', bytes(), { maxBytes: 9 })
    for (const _ of [1, 2]) expect((await claim(ours, objects)).lines).toEqual([])
    const refused = await claim(theirs, objects).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ForeignStorage)
    expect(String(refused)).toContain(markerOf(ours))
    await expect(sweep({ ...theirs, objects }, { graceMs: -60_000, confirm: true })).rejects.toThrow(ForeignStorage)
    await sweep({ ...ours, objects })
    await claim(ours, objects)
    expect(await keysOf(objects)).toEqual(['backups/a', markerOf(ours)])
  })

  test('that two find at the same moment becomes at most one’s', async () => {
    const objects = open()
    let written = 0
    let both = () => {}
    const haveBoth = new Promise<void>((resolve) => {
      both = resolve
    })
    const meeting: ObjectStore = {
      ...objects,
      put: async (...order) => {
        const stored = await objects.put(...order)
        written += 1
        if (written === 2) both()
        await haveBoth
        return stored
      },
    }
    const outcomes = await Promise.allSettled([claim(ours, meeting), claim(theirs, meeting)])
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(2)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ForeignStorage)
    }
    expect((await keysOf(objects)).length).toBeLessThan(2)
  })
})

test('storage with the marks of two is nobody’s', async () => {
  await claim(ours, s3.store)
  await s3.store.put(markerOf(theirs), bytes(), { maxBytes: 9 })
  s3.server.requests.length = 0
  for (const home of [ours, theirs]) {
    await expect(claim(home, s3.store)).rejects.toThrow(ForeignStorage)
    await expect(sweep({ ...home, objects: s3.store })).rejects.toThrow(ForeignStorage)
  }
  expect(new Set(s3.server.requests.map(({ operation }) => operation))).toEqual(new Set(['ListObjectsV2']))
})

test('an API and a worker that start at the same moment are of one installation', async () => {
  await Promise.all([1, 2, 3].map(() => claim(ours, s3.store)))
  expect(await keysOf(s3.store)).toEqual([markerOf(ours)])
})

// Longer than the client tries by itself.
const LONG = 5
const down = () => s3.server.faults.next('ListObjectsV2', { kind: 'status', status: 503 }, LONG)

test('storage that is down is claimed before anything is written to it', async () => {
  down()
  const { objects, lines } = await claim(ours, s3.store)
  expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ level: 'warn' })])
  expect(await keysOf(s3.store)).toEqual([])
  const key = `${newId()}/${newId()}/${newId()}`
  await objects.put(key, bytes(), { maxBytes: 9 })
  expect(await keysOf(s3.store)).toEqual([key, markerOf(ours)].toSorted())

  s3.server.requests.length = 0
  await objects.delete(key)
  expect(s3.server.requests.map(({ operation }) => operation)).toEqual(['DeleteObject'])
})

test('storage that turns out to be another’s is not written to, and nothing in it is deleted', async () => {
  await claim(theirs, s3.store)
  down()
  const { objects } = await claim(ours, s3.store)
  const key = `${newId()}/${newId()}/${newId()}`
  const begun = { uploadId: 'a', offset: 0, partBytes: 1, parts: [], tailBytes: 0 }
  for (const change of [
    () => objects.put(key, bytes(), { maxBytes: 9 }),
    () => objects.delete(markerOf(theirs)),
    () => objects.partial.begin(key, { size: 1 }),
    () => objects.partial.append(key, begun, bytes(), { size: 1, saved: async () => {} }),
    () => objects.partial.complete(key, begun, { size: 1 }),
    () => objects.partial.abort(key),
    () =>
      objects.direct?.signParts(key, begun, { size: 1, seconds: 60 }) ?? Promise.reject(new Error('no direct store')),
  ]) {
    await expect(change()).rejects.toThrow(ForeignStorage)
  }
  expect(await keysOf(s3.store)).toEqual([markerOf(theirs)])
  expect(s3.server.uploads()).toEqual([])
})

test('storage that never answers holds up a start for its deadline alone', async () => {
  const silent: ObjectStore = {
    ...s3.store,
    async *list() {
      await new Promise(() => {})
    },
  }
  const { objects, lines } = await claim(ours, silent, 20)
  expect(lines).toHaveLength(1)
  await expect(objects.delete('a')).rejects.toThrow(/has not answered/)
})

describe('the command line', () => {
  let cli: CommandLine
  beforeEach(() => {
    const { app, queue } = ours.database.urls
    cli = commandLine({ DATABASE_URL: app, WORKER_DATABASE_URL: queue, DATA_DIR: folder, PORT: '0' })
  })

  test.each(['api', 'worker', 'start', 'storage sweep --confirm'])('refuses another’s storage: %s', async (line) => {
    await claim(theirs, createFileStore({ folder: join(folder, 'objects') }))
    const { code, err } = await cli.run(...line.split(' '))
    expect([code, err.split('\n').length]).toEqual([1, 2])
    expect(err).toContain(`another installation: it holds ${markerOf(theirs)}`)
  })

  test('sweeps', async () => {
    const objects = createFileStore({ folder: join(folder, 'objects') })
    const key = () => `${newId()}/${newId()}/${newId()}`
    await objects.put(key(), bytes(), { maxBytes: 9 })
    const none = { objects: 1, uploads: 0, others: 0, unowned: 0, removed: 0, aborted: 0, failed: 0, error: null }
    expect(await cli.json('storage', 'sweep')).toEqual({ ...none, alarm: null })
    expect(await cli.json('storage', 'sweep', '--older-than', '0')).toEqual({
      ...none,
      unowned: 1,
      removed: 1,
      alarm: null,
    })

    await queryAsSuperuser(ours.database, 'UPDATE installation SET storage_generation = 0')
    const doomed = key()
    await objects.put(doomed, bytes(), { maxBytes: 9 })
    const refused = await cli.run('storage', 'sweep', '--older-than', '0')
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^course-supporter: nothing was removed: .*--confirm\.\n$/),
    })
    expect(refused.out).toContain(doomed)
    const { code, out } = await cli.run('storage', 'sweep', '--older-than', '0', '--json')
    expect([code, JSON.parse(out).alarm]).toEqual([
      1,
      { reason: 'set_back', message: expect.any(String), examples: [doomed] },
    ])
    expect((await cli.run('storage', 'sweep', '--older-than', '0', '--confirm')).out).toContain('Removed: 1 objects')
    expect((await cli.run('storage', 'sweep', '--older-than', 'gestern')).code).toBe(2)
  })
})
