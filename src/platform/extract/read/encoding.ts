import { TextDecoder } from 'node:util'
import iconv from 'iconv-lite'
import { detect } from 'jschardet'
import { ExtractionError } from '../errors.ts'

/** How far into a page its encoding may be declared: https://html.spec.whatwg.org/#charset (1024), doubled for the careless. */
const META_BYTES = 2048
const SAMPLE_BYTES = 64 * 1024

/**
 * The text of a document of unknown encoding, without byte order mark. In order: byte order mark, UTF-16 that shows as such,
 * valid UTF-8, the encoding that the transport or the page itself declares, a guess. UTF-8 comes before the declaration,
 * because a page saved as UTF-8 often still declares its old encoding, while text in another encoding is hardly ever valid
 * UTF-8. Throws `extract.unreadable` when it is not text.
 */
export function decodeText(bytes: Uint8Array, declared: { charset: string | null; html: boolean }): string {
  const text = withoutFilling(
    decodeMarked(bytes) ?? decodeWide(bytes) ?? decodeUtf8(bytes) ?? decodeOther(bytes, declared),
  )
  if (text.includes('\0') || isBinary(text)) {
    throw new ExtractionError(
      'extract.unreadable',
      'The file could not be read as text: its content is of another kind.',
    )
  }
  return text
}

function decodeMarked(bytes: Uint8Array): string | undefined {
  const [a, b, c] = bytes
  if (a === 0xef && b === 0xbb && c === 0xbf) return new TextDecoder('utf-8').decode(bytes)
  if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return undefined
}

/**
 * UTF-16 without a mark. Its Latin letters, spaces and line breaks have a zero on one side and its Cyrillic ones a four, and
 * zeros are in no text of other encodings.
 */
function decodeWide(bytes: Uint8Array): string | undefined {
  const sampled = bytes.subarray(0, SAMPLE_BYTES)
  if (bytes.byteLength % 2 !== 0 || !sampled.includes(0)) return undefined
  let zeros = 0
  const high = [0, 0]
  for (const [at, byte] of sampled.entries()) {
    if (byte === 0) zeros += 1
    if (byte === 0 || byte === 4) high[at % 2] = (high[at % 2] ?? 0) + 1
  }
  const [even = 0, odd = 0] = high
  const most = (sampled.byteLength / 2) * 0.8
  if (zeros > sampled.byteLength * 0.6 || Math.min(even, odd) > most / 4) return undefined
  if (odd > most) return new TextDecoder('utf-16le').decode(bytes)
  return even > most ? new TextDecoder('utf-16be').decode(bytes) : undefined
}

/** A few broken sequences (a file cut in two, one bad byte) are forgiven: any other encoding breaks nearly all of them. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder('utf-8').decode(bytes)
  let broken = 0
  let nonAscii = 0
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit > 0x7f) nonAscii += 1
    if (unit === 0xfffd) broken += 1
  }
  return broken <= nonAscii / 20 ? text : undefined
}

function decodeOther(bytes: Uint8Array, { charset, html }: { charset: string | null; html: boolean }): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const decoder = declaredDecoder(charset) ?? declaredDecoder(html ? metaCharset(buffer) : null)
  if (decoder) return decoder.decode(bytes)
  const guess = detect(sample(buffer)).encoding ?? 'windows-1252'
  return iconv.decode(buffer, iconv.encodingExists(guess) ? guess : 'windows-1252')
}

/** By the web's meaning of the label: `iso-8859-1` is windows-1252. A declared UTF has been found not to be true. */
function declaredDecoder(label: string | null): TextDecoder | undefined {
  try {
    const decoder = label === null ? undefined : new TextDecoder(label)
    return decoder?.encoding.startsWith('utf-') ? undefined : decoder
  } catch {
    return undefined
  }
}

function metaCharset(buffer: Buffer): string | null {
  const head = buffer.toString('latin1', 0, META_BYTES)
  return /<meta\s[^>]*charset\s*=\s*["']?\s*([\w:.-]{1,40})/i.exec(head)?.[1] ?? null
}

/** Starts at the first byte that tells anything. */
function sample(buffer: Buffer): Buffer {
  const first = buffer.findIndex((byte) => byte > 0x7f)
  return buffer.subarray(Math.max(0, first), Math.max(0, first) + SAMPLE_BYTES)
}

/** Some programs fill a text up with zeros at its end. Anywhere else, or alone, they say that it is none. */
function withoutFilling(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 0) end -= 1
  return end === 0 ? text : text.slice(0, end)
}

function isBinary(text: string): boolean {
  let odd = 0
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    const isSpaceOrEscape = (unit >= 0x09 && unit <= 0x0d) || unit === 0x1b
    if ((unit < 0x20 && !isSpaceOrEscape) || unit === 0x7f || unit === 0xfffd) odd += 1
  }
  return odd > 2 && odd > text.length / 200
}
