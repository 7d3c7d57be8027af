import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  NoSuchUpload,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import type { Part } from './store.ts'

export type Multipart = ReturnType<typeof createMultipart>

/** One multipart upload. */
export type UploadRef = { key: string; uploadId: string }

type Described = { contentType?: string | undefined; metadata?: Record<string, string> }

type Deps = {
  client: S3Client
  bucket: string
  /** Milliseconds for completing: to put thousands of parts together may take a store longer than other calls. */
  joinMs: number
}

/** The control calls of multipart uploads in one bucket; parts are numbered from 1 in the order of their lists. */
export function createMultipart({ client, bucket, joinMs }: Deps) {
  const place = ({ key, uploadId }: UploadRef) => ({ Bucket: bucket, Key: key, UploadId: uploadId })

  async function create(key: string, { contentType, metadata }: Described, signal?: AbortSignal): Promise<UploadRef> {
    const described = { ContentType: contentType, ...(metadata ? { Metadata: metadata } : {}) }
    const command = new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ...described })
    const { UploadId: uploadId } = await client.send(command, abortable(signal))
    if (uploadId === undefined) throw new Error('CreateMultipartUpload answered without an upload id.')
    return { key, uploadId }
  }

  /** The SDK's paginator would ask once more than there are pages, for S3 gives a marker on the last one too. */
  async function* parts(upload: UploadRef, signal?: AbortSignal): AsyncGenerator<Part & { number: number }> {
    let marker: string | undefined
    for (;;) {
      const list = new ListPartsCommand({ ...place(upload), PartNumberMarker: marker })
      const { Parts = [], IsTruncated, NextPartNumberMarker } = await client.send(list, abortable(signal))
      for (const { PartNumber, ETag, Size } of Parts) {
        yield { number: PartNumber ?? 0, etag: bare(ETag), size: Size ?? 0 }
      }
      if (!IsTruncated || Parts.length === 0) return
      marker = NextPartNumberMarker
    }
  }

  /** Completing trusts the ETags it is given or ignores them, depending on the server; its own list says what it holds. */
  async function compare(upload: UploadRef, sent: Part[], signal?: AbortSignal): Promise<void> {
    let seen = 0
    for await (const held of parts(upload, signal)) {
      const part = sent[seen]
      seen += 1
      if (held.number !== seen || held.etag !== part?.etag || held.size !== part.size) {
        throw new Error(`The store holds another part ${held.number} of ${upload.key} than was sent.`)
      }
    }
    if (seen !== sent.length) throw new Error(`The store holds ${seen} of ${sent.length} parts of ${upload.key}.`)
  }

  async function complete(upload: UploadRef, sent: Part[], signal?: AbortSignal) {
    const Parts = sent.map(({ etag }, at) => ({ PartNumber: at + 1, ETag: `"${etag}"` }))
    const command = new CompleteMultipartUploadCommand({ ...place(upload), MultipartUpload: { Parts } })
    const { ETag, VersionId } = await client.send(command, { ...abortable(signal), requestTimeout: joinMs })
    return { etag: bare(ETag), versionId: VersionId }
  }

  /** Ends an upload and frees its parts; one that is over already is no error. */
  async function abort(upload: UploadRef, signal?: AbortSignal): Promise<void> {
    try {
      await client.send(new AbortMultipartUploadCommand(place(upload)), abortable(signal))
    } catch (error) {
      if (!isNoSuchUpload(error)) throw error
    }
  }

  /** Those that are neither completed nor aborted. */
  async function* list(prefix: string): AsyncGenerator<UploadRef & { startedAt: Date }> {
    let after: { KeyMarker?: string; UploadIdMarker?: string } = {}
    for (;;) {
      const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...after })
      const { Uploads = [], IsTruncated, NextKeyMarker, NextUploadIdMarker } = await client.send(command)
      for (const { Key, UploadId, Initiated } of Uploads) {
        if (Key !== undefined && UploadId !== undefined) {
          yield { key: Key, uploadId: UploadId, startedAt: Initiated ?? new Date(0) }
        }
      }
      if (!IsTruncated || Uploads.length === 0 || NextKeyMarker === undefined) return
      after = { KeyMarker: NextKeyMarker, ...(NextUploadIdMarker ? { UploadIdMarker: NextUploadIdMarker } : {}) }
    }
  }

  return { create, parts, compare, complete, abort, list }
}

/** Not all stores name it as S3 does in every call. */
export function isNoSuchUpload(error: unknown): boolean {
  return error instanceof NoSuchUpload || (error instanceof S3ServiceException && error.name === 'NoSuchUpload')
}

/** Servers differ in whether an ETag comes in quotes. */
export function bare(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

export function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {}
}
