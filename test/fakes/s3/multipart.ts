import { randomUUID } from 'node:crypto'
import type { Body } from './body.ts'
import { type Bucket, type Content, md5 } from './bucket.ts'
import { versionHeader } from './objects.ts'
import { countOf, describedBy, type Handlers, type S3Request } from './request.ts'
import { S3Error } from './s3-error.ts'
import { readCompletedParts, xmlDocument } from './xml.ts'

type MultipartOperation =
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'ListParts'
  | 'ListMultipartUploads'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'

type Part = Pick<Body, 'bytes' | 'size' | 'md5'> & { modifiedAt: Date }

type Upload = Omit<Content, 'bytes' | 'size' | 'etag'> & { key: string; parts: Map<number, Part>; initiatedAt: Date }

export type OpenUpload = { key: string; uploadId: string; parts: number }

type Deps = { bucket: Bucket; name: string; pageLimit: number; now: () => Date }

const MIN_PART = 5 * 1024 * 1024
const MAX_PART_NUMBER = 10_000
const XML = { 'Content-Type': 'application/xml' }

export function createMultipart({ bucket, name, pageLimit, now }: Deps) {
  const uploads = new Map<string, Upload>()

  function requireUpload({ key, query }: S3Request): { uploadId: string; upload: Upload } {
    const uploadId = query.get('uploadId') ?? ''
    const upload = uploads.get(uploadId)
    if (upload?.key !== key) throw new S3Error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.')
    return { uploadId, upload }
  }

  const handlers: Handlers<MultipartOperation> = {
    CreateMultipartUpload({ key, headers }) {
      const uploadId = randomUUID()
      uploads.set(uploadId, { key, parts: new Map(), initiatedAt: now(), ...describedBy(headers) })
      const body = xmlDocument('InitiateMultipartUploadResult', { Bucket: name, Key: key, UploadId: uploadId })
      return { status: 200, headers: XML, body }
    },

    UploadPart(request) {
      const { upload } = requireUpload(request)
      const number = Number(request.query.get('partNumber'))
      if (!Number.isInteger(number) || number < 1 || number > MAX_PART_NUMBER) {
        throw new S3Error(
          400,
          'InvalidArgument',
          `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`,
        )
      }
      const { bytes, size, md5 } = request.body
      upload.parts.set(number, { bytes, size, md5, modifiedAt: now() })
      return { status: 200, headers: { ETag: `"${md5}"` } }
    },

    ListParts(request) {
      const { upload, uploadId } = requireUpload(request)
      const limit = Math.min(countOf(request.query, 'max-parts', 1000), pageLimit)
      const after = Number(request.query.get('part-number-marker') ?? 0)
      const rest = [...upload.parts].filter(([number]) => number > after).sort(([a], [b]) => a - b)
      const page = rest.slice(0, limit)
      const body = xmlDocument('ListPartsResult', {
        Bucket: name,
        Key: upload.key,
        UploadId: uploadId,
        MaxParts: limit,
        IsTruncated: rest.length > page.length,
        NextPartNumberMarker: page.at(-1)?.[0],
        Part: page.map(([number, part]) => ({
          PartNumber: number,
          LastModified: part.modifiedAt.toISOString(),
          ETag: `"${part.md5}"`,
          Size: part.size,
        })),
      })
      return { status: 200, headers: XML, body }
    },

    ListMultipartUploads({ query }) {
      const prefix = query.get('prefix') ?? ''
      const limit = Math.min(countOf(query, 'max-uploads', 1000), pageLimit)
      const after = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? '\uffff'].join('\0')
      const placed = [...uploads]
        .map(([uploadId, upload]) => ({ uploadId, ...upload, place: `${upload.key}\0${uploadId}` }))
        .filter(({ key, place }) => key.startsWith(prefix) && (!query.has('key-marker') || place > after))
        .sort((a, b) => (a.place < b.place ? -1 : 1))
      const page = placed.slice(0, limit)
      const truncated = placed.length > page.length
      const body = xmlDocument('ListMultipartUploadsResult', {
        Bucket: name,
        Prefix: prefix,
        MaxUploads: limit,
        IsTruncated: truncated,
        NextKeyMarker: truncated ? page.at(-1)?.key : undefined,
        NextUploadIdMarker: truncated ? page.at(-1)?.uploadId : undefined,
        Upload: page.map(({ key, uploadId, initiatedAt }) => ({
          Key: key,
          UploadId: uploadId,
          Initiated: initiatedAt.toISOString(),
        })),
      })
      return { status: 200, headers: XML, body }
    },

    CompleteMultipartUpload(request) {
      const { upload, uploadId } = requireUpload(request)
      const parts = chosenParts(upload, readCompletedParts(request.body.bytes.toString()))
      const digests = Buffer.concat(parts.map((part) => Buffer.from(part.md5, 'hex')))
      const { contentType, metadata } = upload
      const bytes = Buffer.concat(parts.map((part) => part.bytes))
      const size = parts.reduce((sum, part) => sum + part.size, 0)
      const etag = `${md5(digests)}-${parts.length}`
      const version = bucket.put(upload.key, { bytes, size, etag, contentType, metadata })
      uploads.delete(uploadId)
      const body = xmlDocument('CompleteMultipartUploadResult', {
        Bucket: name,
        Key: upload.key,
        ETag: `"${version.etag}"`,
      })
      return { status: 200, headers: { ...XML, ...versionHeader(bucket, version) }, body }
    },

    AbortMultipartUpload(request) {
      uploads.delete(requireUpload(request).uploadId)
      return { status: 204 }
    },
  }

  function open(): OpenUpload[] {
    return [...uploads].map(([uploadId, { key, parts }]) => ({ key, uploadId, parts: parts.size }))
  }

  return { handlers, open }
}

/** The parts a completion names, checked as S3 checks them. */
function chosenParts(upload: Upload, named: { number: number; etag: string }[]): Part[] {
  if (named.some(({ number }, at) => number <= (named[at - 1]?.number ?? 0))) {
    throw new S3Error(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.')
  }
  const parts = named.map(({ number, etag }) => {
    const part = upload.parts.get(number)
    if (part?.md5 !== etag)
      throw new S3Error(400, 'InvalidPart', 'One or more of the specified parts could not be found.')
    return part
  })
  if (parts.slice(0, -1).some((part) => part.size < MIN_PART)) {
    throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size.')
  }
  return parts
}
