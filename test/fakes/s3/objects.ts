import type { Bucket, ListedVersion, Version } from './bucket.ts'
import { countOf, describedBy, type Handlers, type S3Request } from './request.ts'
import { notImplemented, S3Error } from './s3-error.ts'
import { xmlDocument } from './xml.ts'

type ObjectOperation =
  | 'HeadBucket'
  | 'ListObjectsV2'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'ListObjectVersions'

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
      const version = bucket.put(key, { bytes: body.bytes, size: body.size, etag: body.md5, ...describedBy(headers) })
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
      const { size } = version
      if (size !== version.bytes.byteLength) throw notImplemented('reading what it was told to discard')
      const range = rangeOf(headers.range, size)
      if (!range) return { status: 200, headers: shown, body: version.bytes }
      shown['Content-Range'] = `bytes ${range.start}-${range.end}/${size}`
      return { status: 206, headers: shown, body: version.bytes.subarray(range.start, range.end + 1) }
    },

    HeadObject(request) {
      const version = requireObject(request)
      return { status: 200, headers: objectHeaders(bucket, version), length: version.size }
    },

    DeleteObject({ key, query }) {
      const marker = bucket.remove(key, query.get('versionId'))
      const shown = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker?.versionId ?? '' }
      return { status: 204, headers: marker ? shown : {} }
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
        Contents: page.map(([key, { size, etag, modifiedAt }]) => ({
          Key: key,
          LastModified: modifiedAt.toISOString(),
          ETag: `"${etag}"`,
          Size: size,
          StorageClass: 'STANDARD',
        })),
      })
      return { status: 200, headers: { 'Content-Type': 'application/xml' }, body }
    },

    ListObjectVersions({ query }) {
      const prefix = query.get('prefix') ?? ''
      const limit = Math.min(countOf(query, 'max-keys', 1000), pageLimit)
      const all = bucket.everything().filter(({ key }) => key.startsWith(prefix))
      const rest = afterMarker(all, query.get('key-marker'), query.get('version-id-marker'))
      const page = rest.slice(0, limit)
      const truncated = rest.length > page.length && page.length > 0
      const last = page.at(-1)
      const body = xmlDocument('ListVersionsResult', {
        Name: name,
        Prefix: prefix,
        MaxKeys: limit,
        IsTruncated: truncated,
        NextKeyMarker: truncated ? last?.key : undefined,
        NextVersionIdMarker: truncated ? last?.version.versionId : undefined,
        Version: page.flatMap(({ key, version, isLatest }) =>
          'bytes' in version
            ? [{ ...described(key, version, isLatest), ETag: `"${version.etag}"`, Size: version.size }]
            : [],
        ),
        DeleteMarker: page.flatMap(({ key, version, isLatest }) =>
          'bytes' in version ? [] : [described(key, version, isLatest)],
        ),
      })
      return { status: 200, headers: { 'Content-Type': 'application/xml' }, body }
    },
  }
}

function described(key: string, { versionId, modifiedAt }: ListedVersion['version'], isLatest: boolean) {
  return { Key: key, VersionId: versionId, IsLatest: isLatest, LastModified: modifiedAt.toISOString() }
}

/** A marker without a version is a key of which nothing more is wanted. */
function afterMarker(all: ListedVersion[], key: string | null, versionId: string | null): ListedVersion[] {
  if (key === null) return all
  const at = all.findIndex((one) => one.key === key && one.version.versionId === versionId)
  return at < 0 ? all.filter((one) => one.key > key) : all.slice(at + 1)
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
