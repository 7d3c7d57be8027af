import { crc32, inflateRawSync } from 'node:zlib'
import { ExtractionError } from '../../errors.ts'
import type { ReadLimits } from '../../limits.ts'

/** An archive of which nothing is expanded before it is asked for. Names are those of files; their case does not count. */
export type Archive = {
  names: string[]
  /** The file's content, or undefined if there is none. All that is read counts together. */
  read(name: string): Buffer | undefined
}

/** One file of an archive, as its central directory describes it. */
type Entry = {
  name: string
  method: number
  encrypted: boolean
  crc: number
  /** Bytes of its content, as declared. */
  size: number
  /** Where its header begins. */
  at: number
  compressed: Buffer
}

const END = 0x06054b50
const END_BYTES = 22
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const ZIP64_SIZE = 0xffffffff
const ZIP64_COUNT = 0xffff
const MAX_COMMENT = 0xffff
const STORED = 0
const DEFLATED = 8
const UTF8_NAME = 0x0800
/** What expands to less than this may do so from nothing: short repetitive XML is no attack. */
const SMALL_BYTES = 1024 * 1024

/**
 * Opens a zip archive. Throws `extract.unreadable` for anything but a whole, plain one (no parts, no zip64, no two files of
 * one name, no two in one place) and `extract.too_large` for more files than any document has. Reading throws
 * `extract.too_large` past the limits, counted as a file expands, for declared sizes lie; one that has lied is unreadable.
 * Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.
 */
export function openZip(bytes: Buffer, limits: Omit<ReadLimits, 'maxChunkChars'>): Archive {
  const files = new Map<string, Entry>()
  let end = 0
  for (const entry of readEntries(bytes, limits.maxEntries).sort((a, b) => a.at - b.at)) {
    const key = entry.name.toLowerCase()
    if (files.has(key) || entry.at < end) throw unreadable()
    files.set(key, entry)
    end = entry.compressed.byteOffset - bytes.byteOffset + entry.compressed.length
  }
  let left = Math.min(limits.maxExpandedBytes, mostOf(bytes.length))

  function mostOf(compressed: number): number {
    return Math.max(SMALL_BYTES, compressed * limits.maxExpansionRatio)
  }

  return {
    names: [...files.values()].map((entry) => entry.name).filter((name) => !name.endsWith('/')),
    read(name) {
      const entry = files.get(name.toLowerCase())
      if (!entry) return undefined
      const content = expand(entry, Math.min(left, mostOf(entry.compressed.length)))
      left -= content.length
      if (content.length !== entry.size || crc32(content) !== entry.crc) throw unreadable()
      return content
    },
  }
}

function readEntries(bytes: Buffer, maxEntries: number): Entry[] {
  const end = findEnd(bytes)
  try {
    const count = bytes.readUInt16LE(end + 10)
    const isWhole = bytes.readUInt32LE(end + 4) === 0 && bytes.readUInt16LE(end + 8) === count
    let at = bytes.readUInt32LE(end + 16)
    if (!isWhole || at === ZIP64_SIZE || count === ZIP64_COUNT) throw unreadable()
    if (count > maxEntries)
      throw new ExtractionError('extract.too_large', 'The file holds too many files to be processed.')
    const entries: Entry[] = []
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

function findEnd(bytes: Buffer): number {
  const signature = Buffer.alloc(4)
  signature.writeUInt32LE(END)
  const end = bytes.length >= END_BYTES ? bytes.lastIndexOf(signature, bytes.length - END_BYTES) : -1
  if (end < 0 || end < bytes.length - END_BYTES - MAX_COMMENT) throw unreadable()
  return end
}

function readEntry(bytes: Buffer, at: number): Entry {
  const nameLength = bytes.readUInt16LE(at + 28)
  const flags = bytes.readUInt16LE(at + 8)
  const local = bytes.readUInt32LE(at + 42)
  if (bytes.readUInt16LE(at + 34) !== 0 || bytes.readUInt32LE(local) !== LOCAL) throw unreadable()
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  const size = bytes.readUInt32LE(at + 20)
  // The sizes that zip64 writes instead of its own are beyond any file that gets here.
  if (start + size > bytes.length) throw unreadable()
  return {
    name: bytes.toString(flags & UTF8_NAME ? 'utf8' : 'latin1', at + 46, at + 46 + nameLength),
    method: bytes.readUInt16LE(at + 10),
    encrypted: (flags & 1) === 1,
    crc: bytes.readUInt32LE(at + 16),
    size: bytes.readUInt32LE(at + 24),
    at: local,
    compressed: bytes.subarray(start, start + size),
  }
}

function expand({ encrypted, method, compressed }: Entry, maxBytes: number): Buffer {
  if (encrypted || (method !== STORED && method !== DEFLATED)) throw unreadable()
  if (method === STORED) {
    if (compressed.length > maxBytes) throw tooLarge()
    return compressed
  }
  try {
    return inflateRawSync(compressed, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (error) {
    const isTooLarge = error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    throw isTooLarge ? tooLarge(error) : unreadable(error)
  }
}

function tooLarge(cause?: unknown): ExtractionError {
  return new ExtractionError('extract.too_large', 'The file expands to more than can be processed.', { cause })
}

function unreadable(cause?: unknown): ExtractionError {
  return new ExtractionError('extract.unreadable', undefined, { cause })
}
