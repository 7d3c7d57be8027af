import * as http from 'node:http'
import * as https from 'node:https'
import { S3ServiceException } from '@aws-sdk/client-s3'
import { type Backoff, retry } from './backoff.ts'
import { PART_BYTES } from './part-size.ts'
import type { SignedRequest } from './store.ts'

/** The `etag` is without quotes, and empty where the store gave none. */
export type PutAnswer = { etag: string; versionId: string | undefined }

export type Transport = {
  /** PUTs bytes; each attempt is signed anew. Bytes are not touched any more once it settles, which it does at once when aborted. */
  put(sign: () => Promise<SignedRequest>, bytes: Uint8Array, signal: AbortSignal): Promise<PutAnswer>
  close(): void
}

type Deps = {
  backoff: Backoff
  /** Milliseconds: until a connection stands; for an attempt to send `PART_BYTES` or less and be answered, larger parts in proportion. */
  connectMs: number
  requestMs: number
  maxSockets: number
}

/** Written piece by piece, so that TLS has no second copy of a whole part. */
const PIECE = 256 * 1024

/** Of an answer, which for a PUT is empty or an error document. */
const MAX_ANSWER = 64 * 1024

/** Sends bodies from memory over kept connections. A status of 500 and more, 429, cut connections and timeouts are tried again. */
export function createTransport({ backoff, connectMs, requestMs, maxSockets }: Deps): Transport {
  const agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets }),
    'https:': new https.Agent({ keepAlive: true, maxSockets }),
  }

  async function put(sign: () => Promise<SignedRequest>, bytes: Uint8Array, signal: AbortSignal): Promise<PutAnswer> {
    const deadlineMs = requestMs * Math.ceil(Math.max(1, bytes.byteLength) / PART_BYTES)
    const attempt = async () => {
      signal.throwIfAborted()
      const request = await sign()
      return send(request, bytes, { signal, deadlineMs })
    }
    return retry(attempt, { passes, backoff, signal })
  }

  function send(
    { url, headers }: SignedRequest,
    bytes: Uint8Array,
    { signal, deadlineMs }: { signal: AbortSignal; deadlineMs: number },
  ): Promise<PutAnswer> {
    return new Promise((resolve, reject) => {
      const secure = url.startsWith('https:')
      const request = (secure ? https : http).request(url, {
        method: 'PUT',
        agent: agents[secure ? 'https:' : 'http:'],
        headers: { ...headers, 'Content-Length': bytes.byteLength },
      })
      const stop = (error: unknown) => {
        // Destroying it takes the bytes from the socket before this returns.
        request.destroy()
        settle(() => reject(error))
      }
      const onAbort = () => stop(signal.reason)
      const deadline = setTimeout(() => stop(late(`no answer within ${deadlineMs} ms`)), deadlineMs)
      let connecting: NodeJS.Timeout | undefined

      function settle(finish: () => void) {
        clearTimeout(deadline)
        clearTimeout(connecting)
        signal.removeEventListener('abort', onAbort)
        finish()
      }

      signal.addEventListener('abort', onAbort, { once: true })
      request.on('error', stop)
      request.on('socket', (socket) => {
        if (!socket.connecting) return
        connecting = setTimeout(() => stop(late(`no connection within ${connectMs} ms`)), connectMs)
        socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connecting))
      })
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.byteLength
          if (size <= MAX_ANSWER) chunks.push(chunk)
        })
        response.on('error', stop)
        response.on('end', () => {
          // Some answer before they have read everything: what they did not want must not go on using the bytes.
          if (!request.writableFinished) request.destroy()
          settle(() => {
            try {
              resolve(answerOf(response, Buffer.concat(chunks).toString()))
            } catch (error) {
              reject(error)
            }
          })
        })
      })
      writePieces(request, bytes)
    })
  }

  return {
    put,
    close() {
      agents['http:'].destroy()
      agents['https:'].destroy()
    },
  }
}

function writePieces(request: http.ClientRequest, bytes: Uint8Array): void {
  let at = 0
  function next(error?: Error | null) {
    if (error || request.destroyed) return
    if (at >= bytes.byteLength) return void request.end()
    const piece = bytes.subarray(at, at + PIECE)
    at += piece.byteLength
    request.write(piece, next)
  }
  next()
}

function answerOf({ statusCode = 0, headers }: http.IncomingMessage, text: string): PutAnswer {
  const etag = headers.etag?.replaceAll('"', '')
  const versionId = headers['x-amz-version-id']
  // Swift confirms a PUT that a newer one to the same key has overtaken with a page and no ETag: its sender looks at what is there.
  const isConfirmed = statusCode === 200 && (etag !== undefined || !text.includes('<Error>'))
  if (isConfirmed) return { etag: etag ?? '', versionId: typeof versionId === 'string' ? versionId : undefined }
  // As the SDK's own errors, so that whoever looks at one need not know who sent the request.
  throw new S3ServiceException({
    name: /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? `Status${statusCode}`,
    message: /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? `The store answered ${statusCode} to a PUT.`,
    $fault: statusCode >= 500 ? 'server' : 'client',
    $metadata: { httpStatusCode: statusCode },
  })
}

function late(what: string): Error {
  const error = new Error(`The store gave ${what}.`)
  error.name = 'TimeoutError'
  return error
}

/** What is no answer at all is a connection that failed. */
function passes(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return error instanceof Error && !(error instanceof TypeError)
  const { httpStatusCode = 0 } = error.$metadata
  return httpStatusCode >= 500 || httpStatusCode === 429
}
