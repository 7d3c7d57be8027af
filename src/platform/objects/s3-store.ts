import { addAbortSignal, Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  NoSuchKey,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { refuseEndpoint } from './endpoint.ts'
import { requireKey, requirePrefix } from './key.ts'
import { partBuffers } from './part-buffers.ts'
import { createS3Direct } from './s3-direct.ts'
import { abortable, createMultipart } from './s3-multipart.ts'
import { createS3Partials } from './s3-partial.ts'
import { createPresign } from './s3-presign.ts'
import { createS3Put } from './s3-put.ts'
import { createPartSender } from './s3-send.ts'
import { createTransport } from './s3-transport.ts'
import { type ByteRange, ObjectNotFound, type ObjectStore } from './store.ts'

/** Milliseconds. */
export type S3Timeouts = {
  /** Until a connection stands. */
  connectMs?: number
  /** From the start of a request, with its body, to the head of its answer; each attempt has its own. Unless set, control calls have less. */
  requestMs?: number
  /** Without a byte in either direction, which ends a `get` whose bytes nobody takes as well. */
  idleMs?: number
  /** For each step of undoing a failed put. */
  cleanupMs?: number
  /** The longest pause before a part is sent for the second time; it doubles with each attempt. */
  backoffMs?: number
}

export type S3Options = {
  /** `https://…`; plain HTTP only on this machine. */
  endpoint: string
  region: string
  accessKey: string
  secretKey: string
  bucket: string
  timeouts?: S3Timeouts
}

/** How often a request is tried before it fails. */
const MAX_ATTEMPTS = 5

const MAX_SOCKETS = 256
const CONNECT_MS = 5_000
const REQUEST_MS = 120_000
// A control call carries no bytes to speak of: whoever waits for it is told before his own patience ends.
const CONTROL_MS = 10_000
const CONTROL_ATTEMPTS = 4
const JOIN_MS = 60_000

const LONGEST_PAUSE_MS = 10_000

/**
 * Objects in a bucket of S3 or of what speaks its API, addressed path-style. Connections, 5xx answers and throttling are tried
 * again with growing pauses. Where the bucket keeps versions, `delete` hides an object and a lifecycle rule must remove it. Throws a
 * TypeError for an endpoint without TLS.
 */
export function createS3Store(options: S3Options): ObjectStore {
  const { endpoint, bucket, timeouts = {} } = options
  const wrong = refuseEndpoint(endpoint)
  if (wrong !== undefined) throw new TypeError(`The S3 endpoint ${wrong}.`)
  const client = createClient(options)
  const presign = createPresign({ ...options, sha256: client.config.sha256 })
  const transport = createTransport({
    backoff: { attempts: MAX_ATTEMPTS, firstMs: timeouts.backoffMs ?? 200, mostMs: LONGEST_PAUSE_MS },
    connectMs: timeouts.connectMs ?? CONNECT_MS,
    requestMs: timeouts.requestMs ?? REQUEST_MS,
    maxSockets: MAX_SOCKETS,
  })
  const multipart = createMultipart({ client, bucket, joinMs: timeouts.requestMs ?? JOIN_MS })
  const writing = { client, bucket, multipart, sender: createPartSender({ presign, transport }), buffers: partBuffers }
  const put = createS3Put({ ...writing, attempts: MAX_ATTEMPTS, cleanupMs: timeouts.cleanupMs ?? 10_000 })

  return {
    async put(key, body, putOptions) {
      return put(requireKey(key), body, putOptions)
    },

    async get(key, { signal, range } = {}) {
      requireKey(key)
      try {
        const { Body } = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: key, ...rangeOf(range) }),
          abortable(signal),
        )
        if (!(Body instanceof Readable)) throw new TypeError('GetObject answered without a stream.')
        return signal ? addAbortSignal(signal, Body) : Body
      } catch (error) {
        signal?.throwIfAborted()
        if (error instanceof NoSuchKey) throw new ObjectNotFound(key)
        throw error
      }
    },

    async head(key) {
      requireKey(key)
      try {
        const { ContentLength, LastModified } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
        return { size: ContentLength ?? 0, modifiedAt: LastModified ?? new Date(0) }
      } catch (error) {
        if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined
        throw error
      }
    },

    async delete(key) {
      requireKey(key)
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
    },

    async *list(prefix) {
      requirePrefix(prefix)
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        for (const { Key, Size, LastModified } of page.Contents ?? []) {
          if (Key !== undefined) yield { key: Key, size: Size ?? 0, modifiedAt: LastModified ?? new Date(0) }
        }
      }
    },

    async check(signal) {
      try {
        await client.send(new HeadBucketCommand({ Bucket: bucket }), abortable(signal))
      } catch (error) {
        signal.throwIfAborted()
        throw error
      }
    },

    partial: createS3Partials(writing),
    direct: createS3Direct({ presign, multipart }),

    async close() {
      transport.close()
      client.destroy()
    },
  }
}

function createClient({ endpoint, region, accessKey, secretKey, timeouts = {} }: S3Options): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    // Backblaze B2 has answered 400 to the checksum headers that the SDK adds by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Asking leave first costs the SDK a new connection for every part.
    expectContinueHeader: false,
    retryMode: 'standard',
    maxAttempts: CONTROL_ATTEMPTS,
    requestHandler: {
      connectionTimeout: timeouts.connectMs ?? CONNECT_MS,
      requestTimeout: timeouts.requestMs ?? CONTROL_MS,
      throwOnRequestTimeout: true,
      socketTimeout: timeouts.idleMs ?? 60_000,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    },
  })
}

function rangeOf(range: ByteRange | undefined): { Range?: string } {
  return range ? { Range: `bytes=${range.start}-${range.end}` } : {}
}
