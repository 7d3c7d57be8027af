import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { md5 } from './bucket.ts'
import { notImplemented, S3Error } from './s3-error.ts'
import { UNSIGNED_PAYLOAD } from './signature.ts'

/** `bytes` is empty where bodies are discarded; the digests, in lower-case hex, are of what was sent. */
export type Body = { bytes: Buffer; size: number; md5: string; sha256: string }

const MAX_BODY = 64 * 1024 * 1024

export async function readBody(request: IncomingMessage, { keep }: { keep: boolean }): Promise<Body> {
  const chunks: Buffer[] = []
  const digest = createHash('md5')
  // Hashing is what costs: what nobody signed is not hashed twice.
  const signed = /^[0-9a-f]{64}$/.test(String(request.headers['x-amz-content-sha256']))
    ? createHash('sha256')
    : undefined
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MAX_BODY) throw new RangeError('The body is larger than this server takes.')
    digest.update(chunk)
    signed?.update(chunk)
    if (keep) chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks), size, md5: digest.digest('hex'), sha256: signed?.digest('hex') ?? '' }
}

/** The first half of a body, as a store that loses the rest takes it. */
export function half(body: Body): Body {
  const size = body.size >> 1
  const bytes = body.bytes.subarray(0, size)
  return { bytes, size, md5: md5(bytes), sha256: '' }
}

export function checkBody({ headers }: IncomingMessage, body: Body, payloadHash: string): void {
  if (payloadHash.startsWith('STREAMING-')) throw notImplemented('aws-chunked bodies')
  if (payloadHash !== UNSIGNED_PAYLOAD && payloadHash !== body.sha256) {
    throw new S3Error(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
  }
  const given = headers['content-md5']
  if (given !== undefined && given !== Buffer.from(body.md5, 'hex').toString('base64')) {
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.')
  }
}
