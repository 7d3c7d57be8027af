import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type S3Server, type S3ServerOptions, startS3Server } from './server.ts'
import { sha256, signatureOf, UNSIGNED_PAYLOAD } from './signature.ts'

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
function presigned(method: string, path: string, extra: Record<string, string> = {}): string {
  const timestamp = new Date().toISOString().replaceAll(/-|:|\.\d+/g, '')
  const scope = `${timestamp.slice(0, 8)}/eu-central-003/s3/aws4_request`
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${KEYS.accessKey}/${scope}`,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': 'host',
    ...extra,
  }).toString()
  const request = { method, path, query, headers: { host: new URL(server.url).host } }
  const signed = { scope, signedHeaders: 'host', timestamp, payloadHash: UNSIGNED_PAYLOAD, query }
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
