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
import { requireKey, requirePrefix } from './key.ts'
import { createS3Put, MAX_ATTEMPTS } from './s3-put.ts'
import { ObjectNotFound, type ObjectStore } from './store.ts'

/** Milliseconds. */
export type S3Timeouts = {
  /** Until a connection stands. */
  connectMs?: number
  /** From the start of a request, with its body, to the head of its answer; each of up to `MAX_ATTEMPTS` attempts has its own. */
  requestMs?: number
  /** Without a byte in either direction, which ends a `get` whose bytes nobody takes as well. */
  idleMs?: number
  /** For each step of undoing a failed put. */
  cleanupMs?: number
}

export type S3Options = {
  endpoint: string
  region: string
  accessKey: string
  secretKey: string
  bucket: string
  timeouts?: S3Timeouts
}

const MAX_SOCKETS = 256

/**
 * Objects in a bucket of S3 or of what speaks its API, addressed path-style. Connections, 5xx answers and throttling are tried
 * again with growing pauses. Where the bucket keeps versions, `delete` hides an object and a lifecycle rule must remove it.
 */
export function createS3Store(options: S3Options): ObjectStore {
  const { bucket, timeouts = {} } = options
  const client = createClient(options)
  const put = createS3Put({ client, bucket, cleanupMs: timeouts.cleanupMs ?? 10_000 })

  return {
    async put(key, body, putOptions) {
      return put(requireKey(key), body, putOptions)
    },

    async get(key, { signal } = {}) {
      requireKey(key)
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), abortable(signal))
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
        const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
        return { size: ContentLength ?? 0 }
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

    async close() {
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
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: timeouts.connectMs ?? 5_000,
      requestTimeout: timeouts.requestMs ?? 120_000,
      throwOnRequestTimeout: true,
      socketTimeout: timeouts.idleMs ?? 60_000,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    },
  })
}

function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {}
}
