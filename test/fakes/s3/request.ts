import type { IncomingHttpHeaders } from 'node:http'
import type { Body } from './body.ts'
import { notImplemented, S3Error } from './s3-error.ts'

export type Operation =
  | 'HeadBucket'
  | 'ListObjectsV2'
  | 'ListObjectVersions'
  | 'ListMultipartUploads'
  | 'GetBucketVersioning'
  | 'GetBucketCors'
  | 'PutBucketCors'
  | 'GetBucketLifecycleConfiguration'
  | 'PutBucketLifecycleConfiguration'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'ListParts'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'

export type S3Request = { key: string; query: URLSearchParams; headers: IncomingHttpHeaders; body: Body }

/** `length` is told in the place of the length of a body that is not sent. */
export type S3Answer = {
  status: number
  headers?: Record<string, string | number>
  body?: string | Buffer
  length?: number
}

export type Handlers<T extends Operation> = Record<T, (request: S3Request) => S3Answer>

/** Query parameters that are understood; others name what this server does not do. */
const PARAMETERS = new Set([
  ...['list-type', 'prefix', 'continuation-token', 'start-after', 'max-keys', 'x-id', 'versionId'],
  ...['uploads', 'uploadId', 'partNumber', 'max-parts', 'part-number-marker'],
  ...['versions', 'version-id-marker', 'versioning', 'cors', 'lifecycle'],
  ...['max-uploads', 'key-marker', 'upload-id-marker', 'response-content-type', 'response-content-disposition'],
])

/** What Backblaze B2 does not take; it answers each with this sentence. */
const UNSUPPORTED_HEADERS = /^x-amz-(checksum-.*|sdk-checksum-algorithm|trailer|tagging.*)$/

/** Headers that would change what an operation means. */
const UNIMPLEMENTED_HEADERS = /^(x-amz-copy-source.*|if-.*)$/

/** The operation that a method, key and query ask for, or undefined when there is none such. */
export function operationOf(method: string, key: string, query: URLSearchParams): Operation | undefined {
  if (key === '') {
    if (method === 'HEAD') return 'HeadBucket'
    const put = method === 'PUT'
    if (put && query.has('cors')) return 'PutBucketCors'
    if (put && query.has('lifecycle')) return 'PutBucketLifecycleConfiguration'
    if (method !== 'GET') return undefined
    if (query.has('uploads')) return 'ListMultipartUploads'
    if (query.has('versions')) return 'ListObjectVersions'
    if (query.has('versioning')) return 'GetBucketVersioning'
    if (query.has('cors')) return 'GetBucketCors'
    if (query.has('lifecycle')) return 'GetBucketLifecycleConfiguration'
    return query.get('list-type') === '2' ? 'ListObjectsV2' : undefined
  }
  const upload = query.has('uploadId')
  if (method === 'HEAD') return 'HeadObject'
  if (method === 'GET') return upload ? 'ListParts' : 'GetObject'
  if (method === 'PUT') return upload ? 'UploadPart' : 'PutObject'
  if (method === 'DELETE') return upload ? 'AbortMultipartUpload' : 'DeleteObject'
  if (method === 'POST' && query.has('uploads')) return 'CreateMultipartUpload'
  return method === 'POST' && upload ? 'CompleteMultipartUpload' : undefined
}

/** Throws for what the operation cannot honour, rather than pass over it. */
export function refuseUnsupported(operation: Operation, query: URLSearchParams, headers: IncomingHttpHeaders): void {
  for (const name of query.keys()) {
    if (!PARAMETERS.has(name) && !name.startsWith('X-Amz-')) throw notImplemented(`the parameter ${name}`)
  }
  for (const name of Object.keys(headers)) {
    if (UNSUPPORTED_HEADERS.test(name)) {
      throw new S3Error(400, 'InvalidArgument', `Unsupported header '${name}' received for this API call.`)
    }
    if (UNIMPLEMENTED_HEADERS.test(name)) throw notImplemented(`the header ${name}`)
  }
  if ((operation === 'PutObject' || operation === 'UploadPart') && headers['content-length'] === undefined) {
    throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.')
  }
}

/** A count from the query, at most `limit`. */
export function countOf(query: URLSearchParams, name: string, limit: number): number {
  const text = query.get(name)
  if (text === null) return limit
  if (!/^\d+$/.test(text)) throw new S3Error(400, 'InvalidArgument', `${name} is not a count.`)
  return Math.min(Number(text), limit)
}

/** What an object carries from the request that made it. */
export function describedBy(headers: IncomingHttpHeaders): { contentType: string; metadata: Record<string, string> } {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'))
  return {
    contentType: headers['content-type'] ?? 'binary/octet-stream',
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name, String(value)])),
  }
}
