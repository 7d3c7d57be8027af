import { createHash, randomBytes } from 'node:crypto'

export type KeyEnvironment = 'live' | 'test'

/** A fresh key: `cs_live_` or `cs_test_` and 32 hex digits, 128 bits of chance. */
export function newKey(environment: KeyEnvironment): string {
  return `cs_${environment}_${randomBytes(16).toString('hex')}`
}

/** Whether a text has the form of a key at all: what has not is refused without asking the database. */
export function isKey(text: string): boolean {
  return /^cs_(live|test)_[0-9a-f]{32}$/.test(text)
}

/** What is stored of a key: SHA-256 as hex. A key is random, so it needs no salt and no slow hash. */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** The start of a key, safe to log and to show: 16 bits of it, so several keys may share one. */
export function prefixOf(key: string): string {
  return key.slice(0, 12)
}
