import type { IncomingHttpHeaders } from 'node:http'
import { invalid } from '#kernel/failure.ts'

// 32 bytes in base64 between the colons of a byte sequence (RFC 8941); parameters may follow.
const SHA256 = /^sha-256=:([A-Za-z0-9+/]{43}=?):\s*(?:;.*)?$/

/** The SHA-256 that `Repr-Digest` (RFC 9530) declares, as hex; undefined when it declares none. Throws a 422 when it cannot be read. */
export function declaredSha256(headers: IncomingHttpHeaders): string | undefined {
  const members = String(headers['repr-digest'] ?? '').split(',')
  const member = members.map((text) => text.trim()).find((text) => text.startsWith('sha-256='))
  if (member === undefined) return undefined
  const [, base64] = SHA256.exec(member) ?? []
  if (base64 === undefined) throw invalid('Repr-Digest', 'must be sha-256=:<base64 of 32 bytes>:')
  return Buffer.from(base64, 'base64').toString('hex')
}
