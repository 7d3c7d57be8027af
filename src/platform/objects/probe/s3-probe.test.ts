import { afterEach, expect, test } from 'vitest'
import type { Fault } from '#test/fakes/s3/faults.ts'
import type { Operation } from '#test/fakes/s3/request.ts'
import { type StoreOnFake, startS3Store } from '#test/fakes/s3/store.ts'
import type { S3Options } from '../s3-store.ts'
import { isSound, type ProbeRow } from './probe.ts'
import { probeS3, type S3ProbeOptions } from './s3-probe.ts'

let running: StoreOnFake | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function start(...options: Parameters<typeof startS3Store>): Promise<StoreOnFake> {
  running = await startS3Store(...options)
  return running
}

const probe = (options: S3Options, more: Partial<S3ProbeOptions> = {}) => probeS3(options, { ruleId: 'probe', ...more })
const named = (rows: ProbeRow[], result: ProbeRow['result']) =>
  rows.filter((row) => row.result === result).map(({ what }) => what)
const HIDDEN = 'hidden versions end after 7 days'
const CORS = 'browsers may write directly'

test.each([true, false])('a good bucket passes and keeps nothing; with versions: %s', async (versioned) => {
  const { server, options, store } = await start({}, { versioned })
  await store.put('material', once('Лекція'), { maxBytes: 100 })
  const rows = await probe(options)
  expect(named(rows, 'failed')).toEqual([])
  expect(named(rows, 'not tried')).toEqual(versioned ? [CORS] : [HIDDEN, CORS])
  expect(isSound(rows)).toBe(true)
  expect([server.stored(), server.uploads()]).toEqual([1, []])
  expect(server.rules().lifecycle).toHaveLength(versioned ? 1 : 0)
  const again = await probe(options)
  expect(again.map(({ what, result }) => `${what} ${result}`)).toEqual(rows.map((row) => `${row.what} ${row.result}`))
  expect(server.requests.filter(({ operation }) => operation === 'PutBucketLifecycleConfiguration')).toHaveLength(
    versioned ? 1 : 0,
  )
})

const refused: Fault = { kind: 'status', status: 403 }
const trust: Fault = { kind: 'trust' }
type Failing = [what: string, Operation, nth: number, Fault, detail: RegExp]

const multipart = (...names: string[]) => names.map((what) => `multipart: ${what}`)

// Those that do not stand in each other's way, in one run.
test.each<[failing: Failing[], alsoFailed: string[], notTried: string[]]>([
  [
    [
      ['a wrong secret is refused', 'ListObjectsV2', 2, trust, /answered to it/],
      ['put', 'PutObject', 1, { kind: 'wrong-etag' }, /^the ETag is /],
      ['head', 'HeadObject', 1, refused, /^HTTP 403$/],
      ['get', 'GetObject', 1, { kind: 'truncate' }, /./],
      ['get a range', 'GetObject', 2, refused, /^AccessDenied: Ordered/],
      ['list', 'ListObjectsV2', 3, refused, /^AccessDenied: Ordered/],
      ['presigned GET under a file name', 'GetObject', 3, refused, /403 AccessDenied/],
      ['an expired URL is refused', 'GetObject', 4, trust, /^answered 200 instead of 403$/],
      ['nobody reads without a signature', 'GetObject', 5, trust, /the bucket is public/],
      ['delete', 'DeleteObject', 1, refused, /^AccessDenied: Ordered/],
      ['multipart: abort', 'AbortMultipartUpload', 1, refused, /^AccessDenied: Ordered/],
      [HIDDEN, 'GetBucketLifecycleConfiguration', 1, refused, /^AccessDenied: Ordered/],
    ],
    [],
    [],
  ],
  [
    [
      ['multipart: create', 'CreateMultipartUpload', 1, refused, /^AccessDenied: Ordered/],
      [HIDDEN, 'PutBucketLifecycleConfiguration', 1, { kind: 'status', status: 501 }, /in the provider's console$/],
    ],
    [],
    multipart(
      ...['parts by presigned PUT', 'a part of another size is refused', 'list parts', 'list uploads', 'complete'],
    ),
  ],
  [
    [
      ['multipart: parts by presigned PUT', 'UploadPart', 2, refused, /403 AccessDenied/],
      ['multipart: list uploads', 'ListMultipartUploads', 1, refused, /^AccessDenied: Ordered/],
    ],
    [],
    multipart('list parts', 'complete'),
  ],
  [
    [['multipart: a part of another size is refused', 'UploadPart', 3, trust, /^answered 200 instead of 403$/]],
    // What a store has taken against its signature it keeps.
    multipart('list parts', 'complete'),
    [],
  ],
  [
    [
      ['multipart: list parts', 'ListParts', 1, { kind: 'wrong-etag' }, /^the list is 1 5242880 /],
      ['multipart: complete', 'CompleteMultipartUpload', 1, refused, /^AccessDenied: Ordered/],
    ],
    [],
    [],
  ],
  [[['multipart: complete', 'CompleteMultipartUpload', 1, { kind: 'wrong-etag' }, /^the ETag is /]], [], []],
])('what does not work is told and nothing else, and nothing stays: %j', async (failing, alsoFailed, notTried) => {
  const { server, options } = await start()
  for (const [, operation, nth, fault] of failing) server.faults.nth(operation, nth, fault)
  const rows = await probe(options)
  expect(server.faults.pending()).toBe(0)
  expect(named(rows, 'failed')).toEqual([...failing.map(([what]) => what), ...alsoFailed])
  for (const [what, , , , detail] of failing) {
    const row = rows.find((one) => one.what === what)
    expect(row).toMatchObject({ needed: true, detail: expect.stringMatching(detail) })
  }
  expect(named(rows, 'not tried')).toEqual([...notTried, CORS])
  expect(isSound(rows)).toBe(false)
  expect([server.stored(), server.uploads()]).toEqual([0, []])
})

test('a part that was not removed is told', async () => {
  for (const operation of ['ListObjectVersions', 'ListMultipartUploads'] as const) {
    const { server, options } = await start()
    server.faults.nth(operation, operation === 'ListObjectVersions' ? 1 : 4, refused)
    const rows = await probe(options)
    expect(named(rows, 'failed')).toEqual(['everything is removed again, each version by itself'])
    // One that cannot be done does not keep the other from being done.
    expect(server.stored() === 0).toBe(operation === 'ListMultipartUploads')
    await running?.close()
  }
})

test.each<[string, Operation, number, string]>([
  ['versions', 'GetBucketVersioning', 403, 'failed'],
  ['versions', 'GetBucketVersioning', 501, 'not tried'],
  [CORS, 'GetBucketCors', 403, 'failed'],
  [CORS, 'GetBucketCors', 501, 'not tried'],
])('%s is not needed: %s %i', async (what, operation, status, result) => {
  const { server, options } = await start({}, { versioned: false })
  server.faults.next(operation, { kind: 'status', status })
  const rows = await probe(options)
  expect(rows.find((row) => row.what === what)).toMatchObject({ needed: false, result })
  expect(isSound(rows)).toBe(true)
})

test.each<[string, Partial<S3Options>, string | undefined]>([
  ['another secret', { secretKey: 'wrong' }, 'SignatureDoesNotMatch'],
  ['an unknown key', { accessKey: 'wrong' }, 'InvalidAccessKeyId'],
  ['another bucket', { bucket: 'absent' }, 'NoSuchBucket'],
  ['another region', { region: 'us-west-004' }, 'AuthorizationHeaderMalformed'],
  ['a port where nothing listens', { endpoint: 'http://127.0.0.1:1' }, 'ECONNREFUSED'],
])('what is configured wrongly is told once, with its code: %s', async (_, changes, code) => {
  const { options } = await start()
  const rows = await probe({ ...options, ...changes })
  expect(rows).toHaveLength(3)
  expect(rows[0]).toMatchObject({ result: 'failed', code, detail: expect.stringContaining(code ?? '') })
})

test.each([
  [40, 'our clock is 40 s behind'],
  [-40, 'our clock is 40 s ahead'],
  [1000, 'our clock is 1000 s behind'],
])('a clock that is %i s off is told', async (seconds, detail) => {
  const { options } = await start({}, { now: () => new Date(Date.now() + seconds * 1000) })
  const rows = await probe(options)
  // The server tells whole seconds, which may be those of a moment ago.
  const found = rows[1]?.detail.replace(/\d+/, (digits) => String(Math.round(Number(digits) / 10) * 10))
  expect([rows[1]?.result, found]).toEqual(['failed', detail])
})

test('a server that never answers is left after the deadline, and the rest is tried', async () => {
  const { server, options } = await start()
  server.faults.next('HeadObject', { kind: 'stall' })
  const rows = await probe(options, { deadlineMs: 3000 })
  const head = rows.find(({ what }) => what === 'head')
  expect(head).toMatchObject({ result: 'failed', detail: 'no answer within 3 s' })
  expect(named(rows, 'ok')).toContain('multipart: complete')
  expect(server.stored()).toBe(0)
})

async function* once(text: string) {
  yield Buffer.from(text)
}
