import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build, until } from '#test/build.ts'
import { type Client, createClient } from '#test/client.ts'
import { cloneDatabase, queryAsSuperuser, type TestDatabase } from '#test/database.ts'
import type { Operation } from '#test/fakes/s3/request.ts'
import { type StoreOnFake, startS3Store } from '#test/fakes/s3/store.ts'
import { type RunningProgram, runCommand, startProgram } from '#test/program.ts'

const MIB = 1024 * 1024
// Two whole parts and half a part.
const FILE = randomBytes(20 * MIB)
const SHA256 = createHash('sha256').update(FILE).digest('hex')

type Step = [name: string, operation: Operation, phase: 'before' | 'after', nth: number]
const STEPS: Step[] = [
  ['before the upload is begun', 'CreateMultipartUpload', 'before', 1],
  ['when it is begun', 'CreateMultipartUpload', 'after', 1],
  ['after a part', 'UploadPart', 'after', 2],
  ['before it is completed', 'CompleteMultipartUpload', 'before', 1],
  ['after it is completed, before the row', 'CompleteMultipartUpload', 'after', 1],
]

let s3: StoreOnFake
let database: TestDatabase
let folder: string
let env: Record<string, string>
let running: RunningProgram
let stopped = false
let key: string
let client: Client
let course: string
const accepted: string[] = []

beforeAll(async () => {
  s3 = await startS3Store()
  database = await cloneDatabase()
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-upload-kill-'))
  const { endpoint, region, accessKey, secretKey, bucket } = s3.options
  env = {
    ...{ DATA_DIR: folder, LOG_LEVEL: 'warn', DRAIN_SECONDS: '5' },
    ...{ DATABASE_URL: database.urls.app, WORKER_DATABASE_URL: database.urls.queue },
    ...{ S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: bucket },
    ...{ S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey },
  }
  await runCommand(env, 'tenant', 'create', '--name', 'Академія')
  const order = ['--tenant', 'Академія', '--scopes', 'prep', '--rate-prep', '100000', '--json']
  key = JSON.parse(await runCommand(env, 'key', 'create', ...order)).key
  await start()
  course = (await build.course(client)).id
})
afterAll(async () => {
  if (!stopped) await running?.kill()
  await s3?.close()
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
})

async function start() {
  running = await startProgram(env)
  client = createClient(running.url, key)
}

/** Ends the program without warning at the n-th such call that the bucket gets from now on. */
function killAt([, operation, phase, nth]: Step): Promise<void> {
  const killed = Promise.withResolvers<void>()
  let calls = 0
  s3.server.onCall(async (call, at) => {
    if (call.operation !== operation || at !== phase) return
    calls += 1
    if (calls !== nth) return
    await running.kill()
    killed.resolve()
  })
  return killed.promise.finally(() => s3.server.onCall(undefined))
}

const uploadAs = (filename: string) =>
  client.request('POST', `/courses/${course}/materials?source_type=video&filename=${encodeURIComponent(filename)}`, {
    body: FILE,
    headers: { 'content-type': 'video/mp4' },
  })

const materialIds = async (): Promise<string[]> =>
  (await client.get(`/courses/${course}/materials?limit=100`)).body.items.map(({ id }: { id: string }) => id)

/** Every object that a material would have, and no other of the kind. */
const keysOf = (ids: string[]) => ids.map((id) => expect.stringMatching(new RegExp(`/${course}/${id}$`)))
const storedKeys = () => [...s3.server.objects().keys()].filter((name) => name.includes(`/${course}/`)).toSorted()

test.each(STEPS)('an upload whose server is killed %s did not happen', async (...step) => {
  const killed = killAt(step)
  await expect(uploadAs(`лекція ${step[0]}.mp4`)).rejects.toThrow()
  await killed
  await start()
  expect(await materialIds()).toEqual(accepted.toReversed())
})

test('and what was accepted before and after stays whole', { timeout: 60_000 }, async () => {
  const { status, body } = await uploadAs('ціла лекція.mp4')
  expect([status, body.sha256]).toEqual([201, SHA256])
  accepted.push(body.id)
})

const TUS = { 'tus-resumable': '1.0.0' }

test.each(STEPS.slice(2))(
  'a resumable upload whose server is killed %s goes on',
  { timeout: 60_000 },
  async (...step) => {
    const metadata = Object.entries({ filename: `лекція ${step[0]}.mp4`, source_type: 'video' })
      .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
      .join(',')
    const begun = await client.request('POST', `/courses/${course}/uploads`, {
      headers: { ...TUS, 'upload-length': String(FILE.length), 'upload-metadata': metadata },
    })
    expect(begun.status).toBe(201)
    const path = (begun.headers.get('location') ?? '').replace('/api/v1', '')
    const patch = (offset: number) =>
      client.request('PATCH', path, {
        headers: { ...TUS, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
        body: FILE.subarray(offset),
      })

    const killed = killAt(step)
    await expect(patch(0)).rejects.toThrow()
    await killed
    await start()
    const offset = Number((await client.request('HEAD', path, { headers: TUS })).headers.get('upload-offset'))
    // Two parts had arrived, so that one at most is sent again.
    expect(offset).toBeGreaterThanOrEqual(8 * MIB)
    if (offset < FILE.length) expect((await patch(offset)).status).toBe(204)
    const [id = ''] = await materialIds()
    accepted.push(id)
    const { body } = await until(
      () => client.get(`/materials/${id}`),
      (answer) => answer.body.sha256 !== null,
    )
    expect([body.filename, body.sha256]).toEqual([`лекція ${step[0]}.mp4`, SHA256])
  },
)

test('one sweep later nothing is left that no row owns', { timeout: 60_000 }, async () => {
  // As if the leases of the killed had run out: a sweep may have been among what was killed.
  await queryAsSuperuser(database, 'UPDATE installation SET sweep_until = NULL')
  const expire = `UPDATE uploads SET expires_at = now() - interval '1 minute' WHERE finished_at IS NULL RETURNING id`
  expect(await queryAsSuperuser(database, expire)).toHaveLength(STEPS.length)
  expect(s3.server.uploads().length).toBeGreaterThan(0)
  expect(storedKeys().length).toBeGreaterThan(accepted.length)
  await runCommand(env, 'storage', 'sweep', '--older-than', '0s')
  await until(
    async () => [s3.server.uploads().length, storedKeys().length],
    ([uploads, objects]) => uploads === 0 && objects === accepted.length,
  )
  expect(storedKeys()).toEqual(expect.arrayContaining(keysOf(accepted)))
  expect(await materialIds()).toEqual(accepted.toReversed())
  for (const id of accepted) {
    const { url } = (await client.get(`/materials/${id}/content`)).body
    const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(SHA256)
  }
  expect(await running.stop()).toBe(0)
  stopped = true
})
