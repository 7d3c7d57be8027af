import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createBucket, md5, type Version } from './bucket.ts'
import { createFaults, type Fault, type Faults } from './faults.ts'
import { createMultipart, type OpenUpload } from './multipart.ts'
import { objectHandlers } from './objects.ts'
import {
  notImplemented,
  type Operation,
  operationOf,
  refuseUnsupported,
  type S3Answer,
  type S3Request,
} from './request.ts'
import { S3Error } from './s3-error.ts'
import { sha256, UNSIGNED_PAYLOAD, verifySignature } from './signature.ts'
import { errorDocument } from './xml.ts'

export type S3ServerOptions = {
  port?: number
  accessKey: string
  secretKey: string
  bucket: string
  /** When given, signatures for other regions are refused. */
  region?: string
  /** As every bucket of Backblaze B2, unless set to false. */
  versioned?: boolean
  /** The most entries a listing gives at once; 1000, as S3, unless set. */
  pageLimit?: number
  now?: () => Date
}

export type ServedRequest = { operation: Operation; key: string; status: number | undefined }

export type S3Server = {
  url: string
  faults: Faults
  /** What has been asked, oldest first; the status is undefined where no answer was begun. */
  requests: ServedRequest[]
  objects(): ReadonlyMap<string, Version>
  versionsOf(key: string): number
  /** Multipart uploads neither completed nor aborted. */
  uploads(): OpenUpload[]
  close(): Promise<void>
}

const MAX_BODY = 64 * 1024 * 1024
const MAX_REQUESTS_KEPT = 10_000

/**
 * An S3 in this process, on 127.0.0.1, with one bucket in memory and path-style addresses. It checks signatures and bodies as
 * S3 does, refuses what Backblaze B2 refuses, and fails to order.
 */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const { port = 0, bucket: name, versioned = true, pageLimit = 1000, now = () => new Date() } = options
  const faults = createFaults()
  const requests: ServedRequest[] = []
  const bucket = createBucket({ versioned, now })
  const multipart = createMultipart({ bucket, name, pageLimit, now })
  const handlers = { ...objectHandlers({ bucket, name, pageLimit }), ...multipart.handlers }

  const server = createServer((request, response) => {
    // A client that goes away in the middle needs no answer.
    serve(request, response).catch(() => response.destroy())
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const [path = '', search = ''] = url.split(/\?(.*)/s)
    const query = new URLSearchParams(search)
    const [asked, key] = splitPath(path)
    const operation = operationOf(method, key, query)
    const served = note(operation, key)
    const fault = operation && faults.take(operation)

    if (fault?.kind === 'reset' && fault.when !== 'after') return void request.socket.destroy()
    if (fault?.kind === 'stall' && !fault.midBody) return
    if (fault?.kind === 'hold') {
      fault.begun?.()
      await fault.until
    }
    const body = await readBody(request)

    let answer: S3Answer
    try {
      if (fault?.kind === 'status') throw new S3Error(fault.status, codeOf(fault.status), 'Ordered by the test.')
      const signed = verifySignature({ method, path, query: search, headers: request.headers }, options, now())
      if (asked !== name) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist')
      if (!operation) throw notImplemented(`${method} ${url}`)
      refuseUnsupported(operation, query, request.headers)
      checkBody(request, body, signed)
      answer = handlers[operation](ordered(fault, operation, { key, query, headers: request.headers, body }))
    } catch (error) {
      answer = refusal(error, path)
    }
    if (fault?.kind === 'reset') return void request.socket.destroy()
    if (served) served.status = answer.status
    send(response, method, spoilt(fault, answer), fault)
  }

  function note(operation: Operation | undefined, key: string): ServedRequest | undefined {
    if (!operation) return undefined
    const served: ServedRequest = { operation, key, status: undefined }
    requests.push(served)
    if (requests.length > MAX_REQUESTS_KEPT) requests.shift()
    return served
  }

  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: listening } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${listening}`,
    faults,
    requests,
    objects: () => new Map(bucket.current()),
    versionsOf: bucket.versionsOf,
    uploads: multipart.open,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function splitPath(path: string): [bucket: string, key: string] {
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? []
  return [bucket, decodeURIComponent(key)]
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MAX_BODY) throw new RangeError('The body is larger than this server keeps.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function checkBody({ headers }: IncomingMessage, body: Buffer, payloadHash: string): void {
  if (payloadHash.startsWith('STREAMING-')) throw notImplemented('aws-chunked bodies')
  if (payloadHash !== UNSIGNED_PAYLOAD && payloadHash !== sha256(body)) {
    throw new S3Error(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
  }
  const given = headers['content-md5']
  if (given !== undefined && given !== Buffer.from(md5(body), 'hex').toString('base64')) {
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.')
  }
}

function refusal(error: unknown, path: string): S3Answer {
  const shown = error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error))
  return { status: shown.status, headers: { 'Content-Type': 'application/xml' }, body: errorDocument(shown, path) }
}

function codeOf(status: number): string {
  const codes: Record<number, string> = {
    200: 'InternalError',
    403: 'AccessDenied',
    404: 'NoSuchKey',
    500: 'InternalError',
  }
  return codes[status] ?? (status >= 500 ? 'ServiceUnavailable' : 'InvalidRequest')
}

/** The request as a faulty store takes it. */
function ordered(fault: Fault | undefined, operation: Operation, request: S3Request): S3Request {
  const stores = operation === 'PutObject' || operation === 'UploadPart'
  if (fault?.kind !== 'truncate' || !stores) return request
  return { ...request, body: request.body.subarray(0, request.body.byteLength >> 1) }
}

/** The answer as a faulty store gives it. */
function spoilt(fault: Fault | undefined, answer: S3Answer): S3Answer {
  if (fault?.kind !== 'wrong-etag') return answer
  const wrong = md5('wrong')
  const body = answer.body?.toString().replace(/<ETag>[^<]*<\/ETag>/, `<ETag>${wrong}</ETag>`) ?? ''
  return { ...answer, headers: { ...answer.headers, ETag: `"${wrong}"` }, body }
}

function send(response: ServerResponse, method: string, answer: S3Answer, fault: Fault | undefined): void {
  const body = Buffer.from(answer.body ?? '')
  const length = answer.status === 204 ? {} : { 'Content-Length': body.byteLength }
  response.writeHead(answer.status, { ...answer.headers, ...length, 'x-amz-request-id': 'test' })
  const half = body.subarray(0, body.byteLength >> 1)
  if (method === 'HEAD') response.end()
  else if (method === 'GET' && fault?.kind === 'truncate') response.write(half, () => response.destroy())
  else if (fault?.kind === 'stall') response.write(half)
  else response.end(body)
}
