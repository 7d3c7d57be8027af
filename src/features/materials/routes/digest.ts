import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { invalid } from '#kernel/failure.ts'

/** The SHA-256 that `Repr-Digest` (RFC 9530) declares, as hex; undefined when it declares none. */
export function declaredSha256(headers: IncomingHttpHeaders): string | undefined {
  const header = headers['repr-digest']
  if (header === undefined) return undefined
  const [, base64] = /(?:^|[,\s])sha-256=:([A-Za-z0-9+/=]+):/.exec(String(header)) ?? []
  if (base64 === undefined) return undefined
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length !== 32) throw invalid('Repr-Digest', 'is not the base64 of a SHA-256')
  return bytes.toString('hex')
}

/** Reads a body to its end, keeping nothing. */
export async function sha256Of(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of body) hash.update(chunk)
  return hash.digest('hex')
}
