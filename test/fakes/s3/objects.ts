import { type Bucket, md5, type Version } from './bucket.ts'
import { countOf, describedBy, type Handlers, type S3Request } from './request.ts'
import { S3Error } from './s3-error.ts'
import { xmlDocument } from './xml.ts'

type ObjectOperation = 'HeadBucket' | 'ListObjectsV2' | 'PutObject' | 'GetObject' | 'HeadObject' | 'DeleteObject'

/** `pageLimit`: the most entries of one page, whatever a client asks for. */
type Deps = { bucket: Bucket; name: string; pageLimit: number }

export function objectHandlers({ bucket, name, pageLimit }: Deps): Handlers<ObjectOperation> {
  function requireObject({ key, query }: S3Request): Version {
    const found = bucket.find(key, query.get('versionId'))
    if (!found) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.')
    return found
  }

  return {
    HeadBucket: () => ({ status: 200 }),

    PutObject({ key, headers, body }) {
      const version = bucket.put(key, { bytes: body, etag: md5(body), ...describedBy(headers) })
      return { status: 200, headers: { ETag: `"${version.etag}"`, ...versionHeader(bucket, version) } }
    },

    GetObject(request) {
      const version = requireObject(request)
      const { query, headers } = request
      const shown: Record<string, string | number> = { ...objectHeaders(bucket, version) }
      const type = query.get('response-content-type')
      const disposition = query.get('response-content-disposition')
      if (type !== null) shown['Content-Type'] = type
      if (disposition !== null) shown['Content-Disposition'] = disposition
      const size = version.bytes.byteLength
      const range = rangeOf(headers.range, size)
      if (!range) return { status: 200, headers: shown, body: version.bytes }
      shown['Content-Range'] = `bytes ${range.start}-${range.end}/${size}`
      return { status: 206, headers: shown, body: version.bytes.subarray(range.start, range.end + 1) }
    },

    HeadObject(request) {
      const version = requireObject(request)
      return { status: 200, headers: objectHeaders(bucket, version), body: version.bytes }
    },

    DeleteObject({ key, query }) {
      bucket.remove(key, query.get('versionId'))
      return { status: 204 }
    },

    ListObjectsV2({ query }) {
      const prefix = query.get('prefix') ?? ''
      const token = query.get('continuation-token')
      const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString()
      const limit = Math.min(countOf(query, 'max-keys', 1000), pageLimit)
      const rest = bucket.current().filter(([key]) => key.startsWith(prefix) && key > after)
      const page = rest.slice(0, limit)
      const truncated = rest.length > page.length && page.length > 0
      const body = xmlDocument('ListBucketResult', {
        Name: name,
        Prefix: prefix,
        MaxKeys: limit,
        KeyCount: page.length,
        IsTruncated: truncated,
        NextContinuationToken: truncated ? Buffer.from(page.at(-1)?.[0] ?? '').toString('base64url') : undefined,
        Contents: page.map(([key, { bytes, etag, modifiedAt }]) => ({
          Key: key,
          LastModified: modifiedAt.toISOString(),
          ETag: `"${etag}"`,
          Size: bytes.byteLength,
          StorageClass: 'STANDARD',
        })),
      })
      return { status: 200, headers: { 'Content-Type': 'application/xml' }, body }
    },
  }
}

export function versionHeader({ versioned }: Bucket, { versionId }: Version): Record<string, string> {
  return versioned ? { 'x-amz-version-id': versionId } : {}
}

function objectHeaders(bucket: Bucket, version: Version): Record<string, string> {
  return {
    'Content-Type': version.contentType,
    'Last-Modified': version.modifiedAt.toUTCString(),
    'Accept-Ranges': 'bytes',
    ETag: `"${version.etag}"`,
    ...version.metadata,
    ...versionHeader(bucket, version),
  }
}

/** One range of bytes, both ends included; undefined when the header is absent or is no such range, which HTTP passes over. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (from === '' && to === '') return undefined
  const start = from === '' ? Math.max(size - Number(to), 0) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start >= size || start > end) throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable')
  return { start, end }
}
