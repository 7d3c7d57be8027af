import { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { requireKey, requirePrefix } from './key.ts'
import type { PartBuffers } from './part-buffers.ts'
import { partBytesFor } from './part-size.ts'
import { writeParts } from './part-writer.ts'
import { abortable, isNoSuchUpload, type Multipart } from './s3-multipart.ts'
import type { PartSender } from './s3-send.ts'
import { type AppendOptions, ObjectTooLarge, type PartialObject, type PartialStore } from './store.ts'

type Deps = { client: S3Client; bucket: string; multipart: Multipart; sender: PartSender; buffers: PartBuffers }

/** For a part on its way when its client goes: what arrives need not be sent again. */
const GRACE_MS = 800

// A name for each: one that a dead request still brings late must not replace a newer.
const tailOf = (key: string, { offset }: Pick<PartialObject, 'offset'>) => `${key}.tail-${offset}`

/**
 * Unfinished objects as multipart uploads. Part n always covers the same bytes, so one that was stored but never saved is simply
 * overwritten. Bytes that do not fill a part yet are kept in an object `<key>.tail-<offset>` until they do.
 */
export function createS3Partials({ client, bucket, multipart, sender, buffers }: Deps): PartialStore {
  async function append(
    key: string,
    partial: PartialObject,
    body: AsyncIterable<Uint8Array>,
    { size, signal, saved }: AppendOptions,
  ): Promise<PartialObject> {
    const { partBytes, uploadId } = partial
    let account = partial

    async function sendPart(bytes: Uint8Array, stop: AbortSignal): Promise<void> {
      const { parts } = account
      const former = account
      const part = await sender.sendPart({ key, uploadId }, parts.length + 1, bytes, stop)
      const offset = parts.length * partBytes + part.size
      account = { ...account, parts: [...parts, part], tailBytes: 0, offset }
      await saved(account)
      await dropFormer(former)
    }

    async function sendRest(bytes: Uint8Array, stop: AbortSignal): Promise<void> {
      const tailBytes = bytes.byteLength
      if (tailBytes === account.tailBytes) return
      const offset = account.parts.length * partBytes + tailBytes
      if (offset === size) return sendPart(bytes, stop)
      const former = account
      await sender.sendObject(tailOf(key, { offset }), bytes, { signal: stop })
      account = { ...account, tailBytes, offset }
      await saved(account)
      await dropFormer(former)
    }

    /** One that cannot be deleted now goes when the object is complete. */
    async function dropFormer(former: PartialObject): Promise<void> {
      if (former.tailBytes > 0) await remove(tailOf(key, former)).catch(() => undefined)
    }

    const before = (buffer: Buffer, stop: AbortSignal) =>
      loadTail(tailOf(key, partial), buffer.subarray(0, partial.tailBytes), stop)
    // A server that is killed costs its client one part, not the two that would be under way.
    const careful = { alone: true, graceMs: GRACE_MS }
    const writing = { buffers, partBytes, signal, before, send: sendPart, sendRest, ...careful }
    await writeParts(body, { ...writing, maxBytes: size - partial.offset })
    return account
  }

  async function loadTail(tail: string, into: Buffer, signal: AbortSignal): Promise<number> {
    if (into.byteLength === 0) return 0
    const command = new GetObjectCommand({ Bucket: bucket, Key: tail, Range: `bytes=0-${into.byteLength - 1}` })
    const { Body } = await client.send(command, abortable(signal))
    if (!(Body instanceof Readable)) throw new TypeError('GetObject answered without a stream.')
    let loaded = 0
    for await (const chunk of Body) loaded += (chunk as Buffer).copy(into, loaded)
    if (loaded === into.byteLength) return loaded
    throw new Error(`The store holds ${loaded} of ${into.byteLength} bytes of ${tail}.`)
  }

  async function completeParts(key: string, { parts, uploadId }: PartialObject): Promise<void> {
    try {
      await multipart.compare({ key, uploadId }, parts)
      await multipart.complete({ key, uploadId }, parts)
    } catch (error) {
      // Perhaps it was completed already: what is there will show.
      if (!isNoSuchUpload(error)) throw error
    }
  }

  /** A multipart upload without parts cannot be completed. */
  async function completeEmpty(key: string, { uploadId }: PartialObject): Promise<void> {
    await sender.sendObject(key, new Uint8Array(0), { signal: new AbortController().signal })
    await multipart.abort({ key, uploadId })
  }

  async function sizeOf(key: string): Promise<number | undefined> {
    try {
      return (await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).ContentLength
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined
      throw error
    }
  }

  async function remove(key: string): Promise<void> {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
  }

  async function dropTails(key: string): Promise<void> {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: `${key}.tail-` })) {
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) await remove(Key)
    }
  }

  return {
    async begin(key, { size, contentType }) {
      const { uploadId } = await multipart.create(requireKey(key), { contentType })
      return { uploadId, offset: 0, partBytes: partBytesFor(size), parts: [], tailBytes: 0 }
    },

    async append(key, partial, body, options) {
      requireKey(key)
      try {
        return await append(key, partial, body, options)
      } catch (error) {
        throw error instanceof ObjectTooLarge ? new ObjectTooLarge(options.size) : error
      }
    },

    async complete(key, partial, { size }) {
      requireKey(key)
      const sent = partial.parts.reduce((sum, part) => sum + part.size, 0)
      if (size === 0) await completeEmpty(key, partial)
      else if (sent === size) await completeParts(key, partial)
      const found = await sizeOf(key)
      if (found !== size) throw new Error(`The store holds ${found ?? sent} of ${size} bytes of ${key}.`)
      await dropTails(key)
    },

    async abort(key) {
      requireKey(key)
      for await (const upload of multipart.list(key)) {
        if (upload.key === key) await multipart.abort(upload)
      }
      await dropTails(key)
    },

    list(prefix) {
      return multipart.list(requirePrefix(prefix))
    },
  }
}
