import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { checkBody, half, readBody } from './body.ts'
import { createBucket, md5, type Version } from './bucket.ts'
import { createConfiguration } from './configuration.ts'
import { createFaults, type Fault, type Faults } from './faults.ts'
import { createMultipart, type OpenUpload } from './multipart.ts'
import { objectHandlers } from './objects.ts'
import { type Operation, operationOf, refuseUnsupported, type S3Answer, type S3Request } from './request.ts'
import { notImplemented, S3Error } from './s3-error.ts'
import { UNSIGNED_PAYLOAD, verifySignature } from './signature.ts'
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
  /** Keep no bytes of objects and parts, only their sizes and ETags: for tests that send a lot. Such objects cannot be read. */
  discardBodies?: boolean
  /** Speak TLS with this PEM. */
  tls?: { key: string; cert: string }
  /** False: CORS rules come back without their ids, as B2 shows it. */
  ruleIds?: boolean
  now?: () => Date
}

export type ServedRequest = { operation: Operation; key: string; status: number | undefined }

/**
 * Called `before` a request's body is read and `after` its operation is done, when no byte of the answer is sent yet; either way
 * the request waits for what it returns.
 */
export type CallHook = (call: { operation: Operation; key: string }, phase: 'before' | 'after') => unknown

export type S3Server = {
  url: string
  faults: Faults
  /** What has been asked, oldest first; the status is undefined where no answer was begun. */
  requests: ServedRequest[]
  onCall(hook: CallHook | undefined): void
  objects(): ReadonlyMap<string, Version>
  versionsOf(key: string): number
  /** How many versions and delete markers there are in all. */
  stored(): number
  /** The rules set for the bucket, each as XML. */
  rules(): { cors: string[]; lifecycle: string[] }
  /** Multipart uploads neither completed nor aborted. */
  uploads(): OpenUpload[]
  close(): Promise<void>
}

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
  const configuration = createConfiguration({ bucket, ruleIds: options.ruleIds ?? true })
  const handlers = { ...objectHandlers({ bucket, name, pageLimit }), ...multipart.handlers, ...configuration.handlers }
  let hook: CallHook | undefined

  const listener: RequestListener = (request, response) => {
    response.setHeader('Date', now().toUTCString())
    // A client that goes away in the middle needs no answer.
    serve(request, response).catch(() => response.destroy())
  }
  const server = options.tls ? createSecureServer(options.tls, listener) : createServer(listener)

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    const [path = '', search = ''] = url.split(/\?(.*)/s)
    const query = new URLSearchParams(search)
    const [asked, key] = splitPath(path)
    if (method === 'OPTIONS') return preflight(request, response)
    const operation = operationOf(method, key, query)
    const served = note(operation, key)
    const fault = operation && faults.take(operation)
    const late = fault && 'when' in fault && fault.when === 'after'

    if (operation) await hook?.({ operation, key }, 'before')
    if (fault?.kind === 'reset' && !late) return void request.socket.destroy()
    if (fault?.kind === 'stall' && !fault.midBody && !late) return
    if (fault?.kind === 'hold') {
      fault.begun?.()
      await fault.until
    }
    const keep = !options.discardBodies || (operation !== 'PutObject' && operation !== 'UploadPart')
    const body = await readBody(request, { keep })

    let answer: S3Answer
    try {
      if (fault?.kind === 'status' && !late) throw orderedError(fault.status)
      const claim = { method, path, query: search, headers }
      const signed = fault?.kind === 'trust' ? UNSIGNED_PAYLOAD : verifySignature(claim, options, now())
      if (asked !== name) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist')
      if (!operation) throw notImplemented(`${method} ${url}`)
      refuseUnsupported(operation, query, headers)
      checkBody(request, body, signed)
      answer = handlers[operation](ordered(fault, operation, { key, query, headers, body }))
      if (fault?.kind === 'status') throw orderedError(fault.status)
    } catch (error) {
      answer = refusal(error, path)
    }
    if (operation) await hook?.({ operation, key }, 'after')
    if (fault?.kind === 'reset') return void request.socket.destroy()
    if (fault?.kind === 'stall' && late) return
    if (served) served.status = answer.status
    const shared = configuration.allowed(headers, method)
    send(response, method, spoilt(fault, { ...answer, headers: { ...answer.headers, ...shared } }), fault)
  }

  function preflight({ headers }: IncomingMessage, response: ServerResponse): void {
    const allowed = configuration.allowed(headers, String(headers['access-control-request-method']))
    response.writeHead(allowed ? 200 : 403, allowed).end()
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
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${listening}`,
    faults,
    requests,
    onCall(given) {
      hook = given
    },
    objects: () => new Map(bucket.current()),
    versionsOf: bucket.versionsOf,
    stored: () => bucket.everything().length,
    rules: configuration.rules,
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

function refusal(error: unknown, path: string): S3Answer {
  const shown = error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error))
  return { status: shown.status, headers: { 'Content-Type': 'application/xml' }, body: errorDocument(shown, path) }
}

function orderedError(status: number): S3Error {
  const codes: Record<number, string> = {
    200: 'InternalError',
    403: 'AccessDenied',
    404: 'NoSuchKey',
    429: 'TooManyRequests',
    500: 'InternalError',
    501: 'NotImplemented',
  }
  const code = codes[status] ?? (status >= 500 ? 'ServiceUnavailable' : 'InvalidRequest')
  return new S3Error(status, code, 'Ordered by the test.')
}

/** The request as a faulty store takes it. */
function ordered(fault: Fault | undefined, operation: Operation, request: S3Request): S3Request {
  const stores = operation === 'PutObject' || operation === 'UploadPart'
  return fault?.kind === 'truncate' && stores ? { ...request, body: half(request.body) } : request
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
  const length = answer.status === 204 ? {} : { 'Content-Length': answer.length ?? body.byteLength }
  response.writeHead(answer.status, { ...answer.headers, ...length, 'x-amz-request-id': 'test' })
  const first = body.subarray(0, body.byteLength >> 1)
  if (method === 'HEAD') response.end()
  else if (fault?.kind === 'truncate' && method !== 'PUT') response.write(first, () => response.destroy())
  else if (fault?.kind === 'stall') response.write(first)
  else response.end(body)
}
