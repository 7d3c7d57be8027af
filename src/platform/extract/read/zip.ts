import { inflateRawSync } from 'node:zlib'
import { ExtractionError } from '../errors.ts'

/** One file of an archive, as its central directory describes it. */
export type ZipEntry = { name: string; method: number; encrypted: boolean; compressed: Buffer }

const END = 0x06054b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const MAX_COMMENT = 0xffff
const MAX_ENTRIES = 10_000
const STORED = 0
const DEFLATED = 8

/**
 * The entries of a zip archive, nothing expanded yet. Throws `extract.unreadable` for anything but a whole, plain archive
 * (no parts, no zip64) and `extract.too_large` for more entries than any document has.
 * Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.
 */
export function readZip(bytes: Buffer): ZipEntry[] {
  const end = findEnd(bytes)
  const count = bytes.readUInt16LE(end + 10)
  if (count > MAX_ENTRIES) throw new ExtractionError('extract.too_large')
  try {
    const entries: ZipEntry[] = []
    let at = bytes.readUInt32LE(end + 16)
    for (let index = 0; index < count; index += 1) {
      if (bytes.readUInt32LE(at) !== CENTRAL) throw unreadable()
      entries.push(readEntry(bytes, at))
      at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
    }
    return entries
  } catch (error) {
    throw error instanceof RangeError ? unreadable(error) : error
  }
}

/** The entry's content. `extract.too_large` beyond `maxBytes`, counted as it expands: declared sizes lie. */
export function expand(entry: ZipEntry, maxBytes: number): Buffer {
  if (entry.encrypted || (entry.method !== STORED && entry.method !== DEFLATED)) throw unreadable()
  if (entry.method === STORED) {
    if (entry.compressed.length > maxBytes) throw new ExtractionError('extract.too_large')
    return entry.compressed
  }
  try {
    return inflateRawSync(entry.compressed, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (error) {
    const tooLarge = error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    throw tooLarge ? new ExtractionError('extract.too_large', undefined, { cause: error }) : unreadable(error)
  }
}

function findEnd(bytes: Buffer): number {
  const signature = Buffer.alloc(4)
  signature.writeUInt32LE(END)
  const end = bytes.length >= 22 ? bytes.lastIndexOf(signature, bytes.length - 22) : -1
  if (end < 0 || end < bytes.length - 22 - MAX_COMMENT) throw unreadable()
  return end
}

function readEntry(bytes: Buffer, at: number): ZipEntry {
  const nameLength = bytes.readUInt16LE(at + 28)
  const local = bytes.readUInt32LE(at + 42)
  if (bytes.readUInt32LE(local) !== LOCAL) throw unreadable()
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  const size = bytes.readUInt32LE(at + 20)
  if (start + size > bytes.length) throw unreadable()
  return {
    name: bytes.toString('utf8', at + 46, at + 46 + nameLength),
    method: bytes.readUInt16LE(at + 10),
    encrypted: (bytes.readUInt16LE(at + 8) & 1) === 1,
    compressed: bytes.subarray(start, start + size),
  }
}

function unreadable(cause?: unknown): ExtractionError {
  return new ExtractionError('extract.unreadable', undefined, { cause })
}
