import { randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  NoSuchUpload,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { withGrace } from './abort.ts'
import { measureBody } from './body.ts'
import { cutParts, MAX_PARTS, PART_BYTES, type WrittenPart, writeParts } from './part-writer.ts'
import type { ObjectStore } from './store.ts'

type Deps = { client: S3Client; bucket: string; cleanupMs: number }

/** What a put must know at each of its steps. `mark` is kept with the object and tells it from what other puts leave at its key. */
type Target = { key: string; contentType: string | undefined; mark: string; signal: AbortSignal | undefined }

type Committed = { etag: string | undefined; versionId: string | undefined }

/** How often the client tries a request before it fails. */
export const MAX_ATTEMPTS = 5

/** The metadata field of the mark, on the wire `x-amz-meta-put-id`. */
const MARK = 'put-id'

/**
 * A body below one part is one request, a larger one a multipart upload. What was stored is compared with what was sent, and
 * whatever fails, a lost answer included, is undone.
 */
export function createS3Put({ client, bucket, cleanupMs }: Deps): ObjectStore['put'] {
  return async (key, body, { maxBytes, contentType, signal }) => {
    const target: Target = { key, contentType, mark: randomUUID(), signal }
    const limit = Math.min(maxBytes, PART_BYTES * MAX_PARTS)
    const { chunks, measured } = measureBody(body, { maxBytes: limit, signal })
    const parts = cutParts(chunks)
    try {
      const first = (await parts.next()).value ?? new Uint8Array(0)
      if (first.byteLength < PART_BYTES) await putWhole(target, first)
      else await putInParts(target, first, parts)
      return measured()
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      await parts.return()
    }
  }

  async function putWhole(target: Target, bytes: Uint8Array): Promise<void> {
    try {
      const { ETag, VersionId } = await client.send(
        new PutObjectCommand({ ...described(target), Body: bytes, ContentLength: bytes.byteLength }),
        abortable(target.signal),
      )
      await verify(target, bytes.byteLength, { etag: ETag, versionId: VersionId })
    } catch (error) {
      await removeOwn(target)
      throw error
    }
  }

  async function putInParts(target: Target, first: Uint8Array, following: AsyncGenerator<Uint8Array>): Promise<void> {
    // Not cut at once: an upload whose id is never learnt cannot be undone.
    const { UploadId: uploadId } = await withGrace(target.signal, cleanupMs, (late) =>
      client.send(new CreateMultipartUploadCommand(described(target)), abortable(late)),
    )
    if (uploadId === undefined) throw new Error('CreateMultipartUpload answered without an upload id.')
    let completing = false
    try {
      const parts = await writeParts(first, following, (number, bytes) => sendPart(target, uploadId, number, bytes))
      await compareParts(target, uploadId, parts)
      completing = true
      const committed = await complete(target, uploadId, parts)
      await verify(target, sizeOf(parts), committed)
    } catch (error) {
      await abandon(target, uploadId)
      if (completing) await removeOwn(target)
      throw error
    }
  }

  async function sendPart(
    { key, signal }: Target,
    uploadId: string,
    number: number,
    bytes: Uint8Array,
  ): Promise<string> {
    const { ETag } = await client.send(
      new UploadPartCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: number,
        Body: bytes,
        ContentLength: bytes.byteLength,
      }),
      abortable(signal),
    )
    return bare(ETag)
  }

  /** Completing trusts the ETags it is given or ignores them, depending on the server; its own list says what it holds. */
  async function compareParts(target: Target, uploadId: string, sent: WrittenPart[]): Promise<void> {
    let seen = 0
    for await (const held of listParts(target, uploadId)) {
      const part = sent[seen]
      seen += 1
      if (held.number !== part?.number || held.etag !== part?.etag || held.size !== part?.size) {
        throw new Error(`The store holds another part ${held.number} of ${target.key} than was sent.`)
      }
    }
    if (seen !== sent.length) throw new Error(`The store holds ${seen} of ${sent.length} parts of ${target.key}.`)
  }

  /** The SDK's paginator would ask once more than there are pages, for S3 gives a marker on the last one too. */
  async function* listParts({ key, signal }: Target, uploadId: string) {
    let marker: string | undefined
    for (;;) {
      const list = new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker })
      const { Parts = [], IsTruncated, NextPartNumberMarker } = await client.send(list, abortable(signal))
      for (const { PartNumber, ETag, Size } of Parts) yield { number: PartNumber, etag: bare(ETag), size: Size }
      if (!IsTruncated || Parts.length === 0) return
      marker = NextPartNumberMarker
    }
  }

  async function complete({ key, mark, signal }: Target, uploadId: string, parts: WrittenPart[]): Promise<Committed> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: `"${etag}"` }))
    try {
      const { ETag, VersionId } = await client.send(
        new CompleteMultipartUploadCommand({
          Bucket: bucket,
          Key: key,
          UploadId: uploadId,
          MultipartUpload: { Parts },
        }),
        abortable(signal),
      )
      return { etag: ETag, versionId: VersionId }
    } catch (error) {
      // An earlier attempt may have completed the upload and lost its answer.
      if (!(error instanceof NoSuchUpload)) throw error
      const found = await look(key, undefined, signal)
      if (found.mark !== mark) throw error
      return { etag: found.etag, versionId: found.versionId }
    }
  }

  async function verify({ key, mark, signal }: Target, size: number, { etag, versionId }: Committed): Promise<void> {
    const found = await look(key, versionId, signal)
    // A later put to the same key has already replaced what this one stored.
    if (found.mark !== undefined && found.mark !== mark) return
    if (found.size !== size) throw new Error(`The store holds ${found.size} of ${size} bytes of ${key}.`)
    if (bare(found.etag) !== bare(etag)) throw new Error(`The store holds other bytes at ${key} than it confirmed.`)
  }

  async function look(key: string, versionId: string | undefined, signal: AbortSignal | undefined) {
    const head = await client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, ...(versionId === undefined ? {} : { VersionId: versionId }) }),
      abortable(signal),
    )
    return { size: head.ContentLength, etag: head.ETag, versionId: head.VersionId, mark: head.Metadata?.[MARK] }
  }

  async function abandon({ key }: Target, uploadId: string): Promise<void> {
    const abort = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId })
    await quietly((signal) => client.send(abort, { abortSignal: signal }))
  }

  /**
   * A request whose answer was lost or refused may have stored the object all the same; in a bucket with versions, each of its
   * attempts may have left one.
   */
  async function removeOwn({ key, mark }: Target): Promise<void> {
    await quietly(async (signal) => {
      for (let version = 0; version < MAX_ATTEMPTS; version += 1) {
        const found = await look(key, undefined, signal)
        if (found.mark !== mark) return
        const exact = found.versionId === undefined ? {} : { VersionId: found.versionId }
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, ...exact }), { abortSignal: signal })
      }
    })
  }

  /** Undoing has a failure to tell already: its own would hide it. What it leaves behind belongs to a sweeper. */
  async function quietly(undo: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    await undo(AbortSignal.timeout(cleanupMs)).catch(() => {})
  }

  function described({ key, contentType, mark }: Target) {
    return { Bucket: bucket, Key: key, ContentType: contentType, Metadata: { [MARK]: mark } }
  }
}

function sizeOf(parts: WrittenPart[]): number {
  return parts.reduce((sum, part) => sum + part.size, 0)
}

/** Servers differ in whether an ETag comes in quotes. */
function bare(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {}
}
