import { createHash } from 'node:crypto'
import { request } from 'node:https'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Fault } from './faults.ts'
import { type S3Server, type S3ServerOptions, startS3Server } from './server.ts'
import { sha256, signatureOf, UNSIGNED_PAYLOAD } from './signature.ts'
import { selfSigned } from './tls.ts'

const KEYS = { accessKey: 'tester', secretKey: 'testing' }
const Bucket = 'materials'
const MiB = 1024 * 1024
const TEXT = 'Їжачок'

let server: S3Server
let client: S3Client

beforeEach(() => start())

afterEach(async () => {
  client.destroy()
  await server.close()
})

async function start(options: Partial<S3ServerOptions> = {}): Promise<void> {
  server = await startS3Server({ ...KEYS, bucket: Bucket, ...options })
  client = new S3Client({
    endpoint: server.url,
    region: 'eu-central-003',
    credentials: { accessKeyId: KEYS.accessKey, secretAccessKey: KEYS.secretKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
  })
}

async function restart(options: Partial<S3ServerOptions>): Promise<void> {
  client.destroy()
  await server.close()
  await start(options)
}

function put(Key: string, Body: string | Uint8Array) {
  return client.send(new PutObjectCommand({ Bucket, Key, Body }))
}

async function upload(Key: string, parts: Uint8Array[]) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const Parts: { PartNumber: number; ETag: string | undefined }[] = []
  for (const [at, Body] of parts.entries()) {
    const PartNumber = at + 1
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))
    Parts.push({ PartNumber, ETag })
  }
  const complete = (chosen: typeof Parts) =>
    client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: chosen } }))
  return { UploadId, Parts, complete }
}

/** A request presigned in its query, or with its query changed afterwards. */
function presigned(
  method: string,
  path: string,
  extra: Record<string, string> = {},
  headers: Record<string, string> = {},
): string {
  const timestamp = new Date().toISOString().replaceAll(/-|:|\.\d+/g, '')
  const scope = `${timestamp.slice(0, 8)}/eu-central-003/s3/aws4_request`
  const signedHeaders = [...Object.keys(headers), 'host'].sort().join(';')
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${KEYS.accessKey}/${scope}`,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': signedHeaders,
    ...extra,
  }).toString()
  const request = { method, path, query, headers: { ...headers, host: new URL(server.url).host } }
  const signed = { scope, signedHeaders, timestamp, payloadHash: UNSIGNED_PAYLOAD, query }
  return `${server.url}${path}?${query}&X-Amz-Signature=${signatureOf(request, signed, KEYS.secretKey)}`
}

describe('signatures', () => {
  test('a presigned URL puts and gets without further headers, and for its method only', async () => {
    const path = `/${Bucket}/${encodeURIComponent("a b'(1)!*")}`
    expect((await fetch(presigned('PUT', path), { method: 'PUT', body: TEXT })).status).toBe(200)
    expect(server.objects().get("a b'(1)!*")?.bytes.toString()).toBe(TEXT)
    const got = await fetch(presigned('GET', path, { 'response-content-disposition': 'attachment' }))
    expect([await got.text(), got.headers.get('content-disposition')]).toEqual([TEXT, 'attachment'])
    expect((await fetch(presigned('GET', path), { method: 'DELETE' })).status).toBe(403)
    expect(server.objects().size).toBe(1)
  })

  test('a presigned length and type must be those of the body', async () => {
    const path = `/${Bucket}/a`
    const url = presigned('PUT', path, {}, { 'content-length': '12', 'content-type': 'video/mp4' })
    const send = (body: string, type: string) =>
      fetch(url, { method: 'PUT', body: Buffer.from(body), headers: { 'content-type': type } })
    expect((await send('Їжачок!', 'video/mp4')).status).toBe(403)
    expect((await send(TEXT, 'text/plain')).status).toBe(403)
    expect(server.objects().size).toBe(0)
    expect((await send(TEXT, 'video/mp4')).status).toBe(200)
  })

  test('refuses strangers, wrong secrets and clocks with an error document', async () => {
    const stranger = await fetch(`${server.url}/${Bucket}/a`)
    expect(stranger.status).toBe(403)
    expect(await stranger.text()).toContain('<Code>AccessDenied</Code>')
    client.config.credentials = async () => ({ accessKeyId: KEYS.accessKey, secretAccessKey: 'wrong' })
    await expect(put('a', TEXT)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
    await restart({ now: () => new Date(Date.now() + 16 * 60_000) })
    await expect(put('a', TEXT)).rejects.toMatchObject({ name: 'RequestTimeTooSkewed' })
    expect(server.objects().size).toBe(0)
  })

  test('refuses a body other than was signed', async () => {
    client.middlewareStack.add(
      (next) => (args) => {
        Object.assign(args.request as object, { body: Buffer.from('Їжачки') })
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low', name: 'afterSigning' },
    )
    await expect(put('a', Buffer.from(TEXT))).rejects.toMatchObject({ name: 'XAmzContentSHA256Mismatch' })
    expect(server.objects().size).toBe(0)
  })
})

describe('what Backblaze B2 refuses', () => {
  test('checksum headers, of requests and for answers', async () => {
    await put('a', TEXT)
    const ChecksumAlgorithm = 'CRC32'
    await expect(
      client.send(new PutObjectCommand({ Bucket, Key: 'b', Body: TEXT, ChecksumAlgorithm })),
    ).rejects.toMatchObject({ name: 'InvalidArgument', message: expect.stringMatching(/^Unsupported header 'x-amz-/) })
    await expect(
      client.send(new GetObjectCommand({ Bucket, Key: 'a', ChecksumMode: 'ENABLED' })),
    ).rejects.toMatchObject({ name: 'InvalidArgument' })
  })

  test('tags', async () => {
    await expect(
      client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: TEXT, Tagging: 'a=b' })),
    ).rejects.toMatchObject({ name: 'InvalidArgument' })
    const tagging = new PutObjectTaggingCommand({ Bucket, Key: 'a', Tagging: { TagSet: [] } })
    await expect(client.send(tagging)).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } })
  })
})

describe('objects', () => {
  test('are given in ranges', async () => {
    await put('a', 'абвгд')
    const range = async (Range: string) => {
      const { Body, ContentRange } = await client.send(new GetObjectCommand({ Bucket, Key: 'a', Range }))
      return [await Body?.transformToString(), ContentRange]
    }
    expect(await range('bytes=0-1')).toEqual(['а', 'bytes 0-1/10'])
    expect(await range('bytes=8-')).toEqual(['д', 'bytes 8-9/10'])
    expect(await range('bytes=-4')).toEqual(['гд', 'bytes 6-9/10'])
    expect(await range('bytes=6-99')).toEqual(['гд', 'bytes 6-9/10'])
    await expect(range('bytes=10-')).rejects.toMatchObject({ name: 'InvalidRange' })
  })

  test('are listed by prefix, page by page', async () => {
    for (const key of ['b', 'a/2', 'a/1', 'a/3']) await put(key, TEXT)
    const list = (ContinuationToken?: string) =>
      client.send(new ListObjectsV2Command({ Bucket, Prefix: 'a/', MaxKeys: 2, ContinuationToken }))
    const first = await list()
    const second = await list(first.NextContinuationToken)
    expect([first, second].map(({ Contents }) => Contents?.map(({ Key }) => Key))).toEqual([['a/1', 'a/2'], ['a/3']])
    expect([first.IsTruncated, second.IsTruncated]).toEqual([true, false])
  })

  test('keep their versions, and a delete hides them', async () => {
    const { VersionId: first } = await put('a', 'перша')
    const { VersionId: second } = await put('a', 'друга')
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).rejects.toMatchObject({ name: 'NotFound' })
    expect(server.versionsOf('a')).toBe(2)
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: second }))
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'a', VersionId: first }))
    expect(await Body?.transformToString()).toBe('перша')
  })
})

describe('versions', () => {
  test('are listed with their delete markers, page by page, and removed one by one', async () => {
    for (const body of ['перша', 'друга']) await put('p/a', body)
    await put('p/b', TEXT)
    await put('other', TEXT)
    const { DeleteMarker, VersionId } = await client.send(new DeleteObjectCommand({ Bucket, Key: 'p/a' }))
    expect(DeleteMarker).toBe(true)
    const seen: string[] = []
    for (let markers = {}; ; ) {
      const page = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'p/', MaxKeys: 1, ...markers }))
      for (const one of page.Versions ?? []) seen.push(`${one.Key} ${one.Size} ${one.IsLatest}`)
      for (const one of page.DeleteMarkers ?? []) seen.push(`${one.Key} hidden ${one.IsLatest}`)
      if (!page.IsTruncated) break
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
    }
    expect(seen).toEqual(['p/a hidden true', 'p/a 10 false', 'p/a 10 false', 'p/b 12 true'])
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'p/a', VersionId }))
    expect(server.objects().get('p/a')?.bytes.toString()).toBe('друга')
    expect(server.stored()).toBe(4)
  })

  test('are kept only where the bucket has them', async () => {
    const status = async () => (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status
    expect(await status()).toBe('Enabled')
    await restart({ versioned: false })
    expect(await status()).toBeUndefined()
    for (const body of ['перша', 'друга']) await put('a', body)
    const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }))
    expect(Versions).toMatchObject([{ Key: 'a', VersionId: 'null' }])
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
    expect(server.stored()).toBe(0)
  })
})

describe('rules of the bucket', () => {
  const CORS = `<CORSConfiguration><CORSRule><ID>a</ID><AllowedOrigin>https://lms.example</AllowedOrigin>
    <AllowedMethod>PUT</AllowedMethod><AllowedHeader>content-type</AllowedHeader><ExposeHeader>ETag</ExposeHeader></CORSRule></CORSConfiguration>`
  const LIFECYCLE = `<LifecycleConfiguration><Rule><ID>old</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>
    <NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>`

  function set(what: string, body: string, digest = md5Of(body)) {
    const headers = digest === '' ? {} : { 'content-md5': digest }
    return fetch(presigned('PUT', `/${Bucket}`, { [what]: '' }, headers), { method: 'PUT', body, headers })
  }

  test('there are none at first', async () => {
    await expect(client.send(new GetBucketCorsCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchCORSConfiguration',
    })
    await expect(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchLifecycleConfiguration',
    })
  })

  test('they are given back, with ids or, as B2, without', async () => {
    for (const ruleIds of [true, false]) {
      await restart({ ruleIds })
      expect([(await set('cors', CORS)).status, (await set('lifecycle', LIFECYCLE)).status]).toEqual([200, 200])
      const { CORSRules } = await client.send(new GetBucketCorsCommand({ Bucket }))
      expect(CORSRules).toMatchObject([{ AllowedOrigins: ['https://lms.example'], AllowedMethods: ['PUT'] }])
      expect(CORSRules?.[0]?.ID).toBe(ruleIds ? 'a' : undefined)
      const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
      expect(Rules).toMatchObject([{ ID: 'old', NoncurrentVersionExpiration: { NoncurrentDays: 7 } }])
    }
  })

  test('a digest must be given and right, and rules make sense', async () => {
    expect(await (await set('cors', CORS, '')).text()).toContain('Content-MD5')
    expect(await (await set('cors', CORS, md5Of('else'))).text()).toContain('BadDigest')
    const wrong = [
      ['cors', CORS.replace('PUT', 'PATCH')],
      ['cors', '<CORSConfiguration/>'],
      ['lifecycle', LIFECYCLE.replace('Enabled', 'On')],
    ] as const
    for (const [what, body] of wrong) expect(await (await set(what, body)).text()).toContain('MalformedXML')
  })

  test('a browser is told what they allow', async () => {
    await set('cors', CORS)
    const ask = async (origin: string, headers: string) => {
      const asked = { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': headers }
      return await fetch(`${server.url}/${Bucket}/a`, { method: 'OPTIONS', headers: asked })
    }
    const yes = await ask('https://lms.example', 'Content-Type')
    expect([yes.status, yes.headers.get('access-control-allow-headers')]).toEqual([200, 'content-type'])
    expect((await ask('https://other.example', 'Content-Type')).status).toBe(403)
    expect((await ask('https://lms.example', 'x-api-key')).status).toBe(403)
    const url = presigned('PUT', `/${Bucket}/a`)
    const sent = await fetch(url, { method: 'PUT', body: TEXT, headers: { origin: 'https://lms.example' } })
    expect(sent.headers.get('access-control-expose-headers')).toBe('ETag')
  })
})

describe('multipart uploads', () => {
  const large = Buffer.alloc(5 * MiB, 'а')

  test('join their parts', async () => {
    const { complete, Parts } = await upload('a', [large, Buffer.from(TEXT)])
    const { ETag } = await complete(Parts)
    expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/)
    expect(sha256(server.objects().get('a')?.bytes ?? '')).toBe(sha256(Buffer.concat([large, Buffer.from(TEXT)])))
    expect(server.uploads()).toEqual([])
  })

  test('are not completed with parts out of order, unknown, or too small', async () => {
    const { complete, Parts } = await upload('a', [large, Buffer.alloc(5 * MiB - 1), Buffer.from(TEXT)])
    const [one, two, three] = Parts as [(typeof Parts)[0], (typeof Parts)[0], (typeof Parts)[0]]
    await expect(complete([two, one])).rejects.toMatchObject({ name: 'InvalidPartOrder' })
    await expect(complete([one, one])).rejects.toMatchObject({ name: 'InvalidPartOrder' })
    await expect(complete([{ ...one, ETag: two.ETag }])).rejects.toMatchObject({ name: 'InvalidPart' })
    await expect(complete([one, { ...two, PartNumber: 4 }])).rejects.toMatchObject({ name: 'InvalidPart' })
    await expect(complete([one, two, three])).rejects.toMatchObject({ name: 'EntityTooSmall' })
    await expect(complete([])).rejects.toMatchObject({ name: 'MalformedXML' })
    expect(server.objects().size).toBe(0)
    expect(server.uploads()).toMatchObject([{ key: 'a', parts: 3 }])
    await complete([one, two])
    expect(server.objects().get('a')?.bytes).toHaveLength(10 * MiB - 1)
  })

  test('list their parts and themselves, page by page', async () => {
    const { UploadId } = await upload('a', [Buffer.from('1'), Buffer.from('22'), Buffer.from('333')])
    await upload('b', [])
    await upload('b', [])
    const parts = (PartNumberMarker?: string) =>
      client.send(new ListPartsCommand({ Bucket, Key: 'a', UploadId, MaxParts: 2, PartNumberMarker }))
    const first = await parts()
    expect(first.Parts?.map(({ Size }) => Size)).toEqual([1, 2])
    const second = await parts(first.NextPartNumberMarker)
    expect([second.Parts?.map(({ Size }) => Size), second.IsTruncated]).toEqual([[3], false])

    const uploads = (KeyMarker?: string, UploadIdMarker?: string) =>
      client.send(new ListMultipartUploadsCommand({ Bucket, MaxUploads: 2, KeyMarker, UploadIdMarker }))
    const some = await uploads()
    const rest = await uploads(some.NextKeyMarker, some.NextUploadIdMarker)
    const ids = [...(some.Uploads ?? []), ...(rest.Uploads ?? [])].map((one) => one.UploadId)
    expect([some.Uploads?.length, rest.Uploads?.length, new Set(ids).size]).toEqual([2, 1, 3])
  })
})

test('what it is told to discard keeps its size and ETag', async () => {
  await restart({ discardBodies: true })
  const { complete, Parts } = await upload('a', [Buffer.alloc(5 * MiB, 'а'), Buffer.from(TEXT)])
  const { ETag } = await complete(Parts)
  await restart({})
  const kept = await upload('a', [Buffer.alloc(5 * MiB, 'а'), Buffer.from(TEXT)])
  expect(ETag).toBe((await kept.complete(kept.Parts)).ETag)
  await restart({ discardBodies: true })
  await put('small', TEXT)
  expect(server.objects().get('small')).toMatchObject({ size: 12, bytes: Buffer.alloc(0) })
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'small' }))).ContentLength).toBe(12)
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'small' }))).rejects.toMatchObject({
    name: 'NotImplemented',
  })
})

test('over TLS it is known by its certificate alone', async () => {
  const tls = selfSigned()
  await restart({ tls })
  const status = (options: { ca?: string }) =>
    new Promise((resolve, reject) => {
      const sent = request(presigned('PUT', `/${Bucket}/a`), { method: 'PUT', agent: false, ...options })
      sent.on('response', ({ statusCode }) => resolve(statusCode)).on('error', reject)
      sent.end(TEXT)
    })
  await expect(status({})).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  expect(await status({ ca: tls.cert })).toBe(200)
  expect(server.objects().get('a')?.bytes.toString()).toBe(TEXT)
})

test('a hook holds up a request before and after it is done', async () => {
  const seen: string[] = []
  server.onCall(({ operation, key }, phase) => {
    seen.push(`${phase} ${operation} ${key}: ${server.objects().size}`)
    if (phase === 'after') throw new Error('The answer is lost.')
  })
  await expect(put('a', TEXT)).rejects.toMatchObject({ code: 'ECONNRESET' })
  server.onCall(undefined)
  await put('b', TEXT)
  expect(seen).toEqual(['before PutObject a: 0', 'after PutObject a: 1'])
})

test.each<[string, Fault, object, number]>([
  ['refused before it is done', { kind: 'status', status: 429 }, { $metadata: { httpStatusCode: 429 } }, 0],
  ['refused though it is done', { kind: 'status', status: 500, when: 'after' }, { name: 'InternalError' }, 1],
  ['cut off before', { kind: 'reset' }, { code: 'ECONNRESET' }, 0],
  ['cut off after', { kind: 'reset', when: 'after' }, { code: 'ECONNRESET' }, 1],
])('the n-th request of a kind can be %s', async (_, fault, error, stored) => {
  server.faults.nth('PutObject', 2, fault)
  await put('a', TEXT)
  await client.send(new HeadObjectCommand({ Bucket, Key: 'a' }))
  await expect(put('b', TEXT)).rejects.toMatchObject(error)
  expect(server.objects().size).toBe(1 + stored)
  await put('c', TEXT)
  expect(server.faults.pending()).toBe(0)
})

test('a stalled request is never answered', async () => {
  for (const when of ['before', 'after'] as const) {
    server.faults.next('PutObject', { kind: 'stall', when })
    const done = Promise.withResolvers<void>()
    if (when === 'after') server.onCall((_, phase) => phase === 'after' && done.resolve())
    else done.resolve()
    const abort = new AbortController()
    const sent = fetch(presigned('PUT', `/${Bucket}/${when}`), { method: 'PUT', body: TEXT, signal: abort.signal })
    const failed = expect(sent).rejects.toThrow()
    await done.promise
    await expect.poll(() => server.faults.pending()).toBe(0)
    abort.abort()
    await failed
  }
  expect([...server.objects().keys()]).toEqual(['after'])
})

test('a fault meets as many requests of its kind as were ordered', async () => {
  server.faults.next('PutObject', { kind: 'status', status: 503 }, 2)
  server.faults.next('PutObject', { kind: 'reset' })
  await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).rejects.toMatchObject({ name: 'NotFound' })
  await expect(put('a', TEXT)).rejects.toMatchObject({ name: 'ServiceUnavailable' })
  await expect(put('a', TEXT)).rejects.toMatchObject({ name: 'ServiceUnavailable' })
  await expect(put('a', TEXT)).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(server.faults.pending()).toBe(0)
  await put('a', TEXT)
  expect(server.requests.map(({ operation, status }) => `${operation} ${status}`)).toEqual([
    ...['HeadObject 404', 'PutObject 503', 'PutObject 503', 'PutObject undefined', 'PutObject 200'],
  ])
})

function md5Of(text: string): string {
  return createHash('md5').update(text).digest('base64')
}
