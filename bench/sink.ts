// A process that answers as S3 does and costs as little as it can: bodies are counted and dropped, nothing is checked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { operationOf } from '#test/fakes/s3/request.ts'
import { xmlDocument } from '#test/fakes/s3/xml.ts'
import { serveParent } from './serve-parent.ts'

type Part = { size: number; etag: string }
type Stored = Part & { bytes: Buffer | undefined; headers: Record<string, string> }
type Upload = { key: string; parts: Map<number, Part>; headers: Record<string, string> }

/** Smaller objects are kept: the mark of an installation, for one, is read again. */
const KEPT_BYTES = 64 * 1024

const objects = new Map<string, Stored>()
const uploads = new Map<string, Upload>()
let count = 0

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  answer(request, response).catch(() => response.destroy())
})
serveParent(server)

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '', headers } = request
  const { pathname, searchParams: query } = new URL(url, 'http://sink')
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/.exec(pathname) ?? []
  const body = await readBody(request)
  const uploadId = query.get('uploadId') ?? ''
  const upload = uploads.get(uploadId)
  const found = objects.get(key)

  const xml = (root: string, fields: Parameters<typeof xmlDocument>[1]) =>
    void response.setHeader('content-type', 'application/xml').end(xmlDocument(root, fields))
  const refuse = (status: number, code: string) =>
    void response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`)
  const store = (stored: Stored) => void objects.set(key, stored)

  switch (operationOf(method, key, query)) {
    case 'HeadBucket':
    case 'PutBucketCors':
    case 'PutBucketLifecycleConfiguration':
      return void response.end()
    case 'GetBucketVersioning':
      return xml('VersioningConfiguration', {})
    case 'GetBucketCors':
      return refuse(404, 'NoSuchCORSConfiguration')
    case 'GetBucketLifecycleConfiguration':
      return refuse(404, 'NoSuchLifecycleConfiguration')
    case 'ListObjectsV2':
    case 'ListObjectVersions':
    case 'ListMultipartUploads':
      return xml('ListResult', { Name: bucket, IsTruncated: false, KeyCount: 0 })
    case 'CreateMultipartUpload':
      count += 1
      uploads.set(String(count), { key, parts: new Map(), headers: describedBy(request) })
      return xml('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: String(count) })
    case 'UploadPart': {
      const part = partOf(body.size)
      upload?.parts.set(Number(query.get('partNumber')), part)
      return upload ? void response.setHeader('etag', part.etag).end() : refuse(404, 'NoSuchUpload')
    }
    case 'ListParts': {
      if (!upload) return refuse(404, 'NoSuchUpload')
      const after = Number(query.get('part-number-marker') ?? 0)
      const rest = [...upload.parts].filter(([number]) => number > after).sort(([a], [b]) => a - b)
      const page = rest.slice(0, 1_000)
      const Part = page.map(([number, { size, etag }]) => ({ PartNumber: number, ETag: etag, Size: size }))
      const more = { IsTruncated: rest.length > page.length, NextPartNumberMarker: page.at(-1)?.[0] }
      return xml('ListPartsResult', { Bucket: bucket, Key: key, UploadId: uploadId, ...more, Part })
    }
    case 'CompleteMultipartUpload': {
      if (!upload) return refuse(404, 'NoSuchUpload')
      uploads.delete(uploadId)
      const whole = partOf([...upload.parts.values()].reduce((sum, { size }) => sum + size, 0))
      store({ ...whole, bytes: undefined, headers: upload.headers })
      return xml('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: whole.etag })
    }
    case 'AbortMultipartUpload':
      uploads.delete(uploadId)
      return void response.writeHead(204).end()
    case 'PutObject': {
      const whole = partOf(body.size)
      store({ ...whole, bytes: body.kept, headers: describedBy(request) })
      return void response.setHeader('etag', whole.etag).end()
    }
    case 'HeadObject':
    case 'GetObject': {
      if (!found) return refuse(404, 'NoSuchKey')
      const shown = { ...found.headers, etag: found.etag, 'last-modified': new Date().toUTCString() }
      response.writeHead(200, { ...shown, 'content-length': found.size })
      return void response.end(found.bytes ?? '')
    }
    case 'DeleteObject':
      objects.delete(key)
      return void response.writeHead(204).end()
    default:
      process.stderr.write(`The sink does not know ${method} ${url.split('?')[0]} ${headers['x-amz-target'] ?? ''}\n`)
      return refuse(501, 'NotImplemented')
  }
}

async function readBody(request: IncomingMessage): Promise<{ size: number; kept: Buffer | undefined }> {
  const length = Number(request.headers['content-length'] ?? 0)
  const chunks: Buffer[] = []
  let size = 0
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  request
    .on('data', (chunk: Buffer) => {
      size += chunk.byteLength
      if (length <= KEPT_BYTES) chunks.push(chunk)
    })
    .once('end', resolve)
    .once('close', () => reject(new Error('The body was cut.')))
  await promise
  return { size, kept: length <= KEPT_BYTES ? Buffer.concat(chunks) : undefined }
}

/** An MD5 would cost more than all the rest. */
function partOf(size: number): Part {
  count += 1
  return { size, etag: `"${count.toString(16).padStart(32, '0')}"` }
}

function describedBy({ headers }: IncomingMessage): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => name === 'content-type' || name.startsWith('x-amz-meta-'))
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]))
}
