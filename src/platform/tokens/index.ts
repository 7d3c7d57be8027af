import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/**
 * Signed statements that clients carry back to us, readable by whoever holds one: no secrets belong in a payload. A token is URL-safe
 * text, and is good until it expires and for its one purpose only.
 */
export type Tokens<Payload extends object> = {
  sign(payload: Payload, expiresAt: Date): string
  /** What was signed; undefined for a token that is forged, expired or for another purpose. */
  verify(token: string): Payload | undefined
}

const MAC_BYTES = 32

/** Each purpose has a key of its own (HKDF, RFC 5869). What a purpose's payload looks like must not change while its tokens live. */
export function createTokens<Payload extends object>(secret: Uint8Array, purpose: string): Tokens<Payload> {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `token ${purpose}`, MAC_BYTES))
  const mac = (statement: Uint8Array) => createHmac('sha256', key).update(statement).digest()

  return {
    sign(payload, expiresAt) {
      const statement = Buffer.from(JSON.stringify([expiresAt.getTime(), payload]))
      return Buffer.concat([mac(statement), statement]).toString('base64url')
    },
    verify(token) {
      const bytes = Buffer.from(token, 'base64url')
      const statement = bytes.subarray(MAC_BYTES)
      // Decoding skips what is not base64url.
      const isWhole = bytes.toString('base64url') === token && statement.length > 0
      if (!isWhole || !timingSafeEqual(bytes.subarray(0, MAC_BYTES), mac(statement))) return undefined
      const [expires, payload] = JSON.parse(statement.toString()) as [number, Payload]
      return Date.now() < expires ? payload : undefined
    },
  }
}
