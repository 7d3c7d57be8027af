import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Secrets that we must be able to read again, as they are stored. `about` says whose secret it is: elsewhere it does not open. */
export type Seal = {
  seal(text: string, about: string): Buffer
  /** Undefined when it was not sealed with this secret, for this purpose and about this, or was changed since. */
  open(sealed: Uint8Array, about: string): string | undefined
}

const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES

/** AES-256-GCM with a random nonce. Each purpose has a key of its own (HKDF, RFC 5869), so far from 2^32 uses that nonces do not meet. */
export function createSeal(secret: Uint8Array, purpose: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `seal ${purpose}`, 32))
  return {
    seal(text, about) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(about))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body])
    },
    open(sealed, about) {
      if (sealed.length < HEAD_BYTES || sealed[0] !== VERSION) return undefined
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(about))
        .setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEAD_BYTES))
      const body = decipher.update(sealed.subarray(HEAD_BYTES))
      try {
        return Buffer.concat([body, decipher.final()]).toString('utf8')
      } catch {
        return undefined
      }
    },
  }
}

/**
 * Names things to whoever knows both them and our secret: HMAC-SHA256 as hex. Without the secret nobody can tell whether a guess is right.
 * Each purpose has a key of its own.
 */
export function createPseudonyms(secret: Uint8Array, purpose: string): (text: string) => string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `pseudonyms ${purpose}`, 32))
  return (text) => createHmac('sha256', key).update(text).digest('hex')
}
