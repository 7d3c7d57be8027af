// A segment may not begin with a dot: that rules out `.` and `..`, and leaves dot names to the file store for itself.
const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/
const prefixCharacters = /^[A-Za-z0-9._/-]*$/

// S3 allows 1024 bytes a key, Backblaze B2 250 a segment, common file systems 255.
const MAX_KEY = 1024
const MAX_SEGMENT = 250

/** Returns the key, or throws a TypeError: keys are made by us, so a wrong one is a defect. */
export function requireKey(key: string): string {
  const right =
    key.length <= MAX_KEY && key.split('/').every((part) => part.length <= MAX_SEGMENT && segment.test(part))
  if (!right) throw new TypeError(`Not an object key: ${JSON.stringify(key)}`)
  return key
}

/** Returns the prefix, or throws a TypeError. A prefix is the beginning of a key, of any length, and may end inside a segment. */
export function requirePrefix(prefix: string): string {
  const right =
    prefix.length <= MAX_KEY && prefixCharacters.test(prefix) && !prefix.split('/').some((part) => part.startsWith('.'))
  if (!right || prefix.startsWith('/')) throw new TypeError(`Not a prefix of object keys: ${JSON.stringify(prefix)}`)
  return prefix
}
