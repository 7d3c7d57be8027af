import { ExtractionError } from '../errors.ts'
import type { DocumentFormat } from '../protocol.ts'

/** What a file seems to be by its first bytes; `name` is for people. */
export type Likeness = {
  kind: 'pdf' | 'zip' | 'html' | 'image' | 'media' | 'office' | 'other' | 'text' | 'unknown'
  name: string
}

type Signature = {
  kind: Likeness['kind']
  name: string
  at?: number
  /** In Latin-1, where each character is a byte. */
  bytes: string
  /** Letters that a text may begin with: only a file with zeros in it is this. */
  needsZeros?: true
}

const HEAD_BYTES = 1024

// https://en.wikipedia.org/wiki/List_of_file_signatures; HTML by https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type
const signatures: Signature[] = [
  { kind: 'zip', name: 'a ZIP archive or a newer Office document', bytes: 'PK\x03\x04' },
  { kind: 'zip', name: 'an empty ZIP archive', bytes: 'PK\x05\x06' },
  { kind: 'zip', name: 'a part of a ZIP archive', bytes: 'PK\x07\x08' },
  {
    kind: 'office',
    name: 'an older Office document, or one with a password',
    bytes: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
  },
  { kind: 'office', name: 'a Rich Text (RTF) document', bytes: '{\\rtf' },
  { kind: 'image', name: 'a PNG picture', bytes: '\x89PNG\r\n\x1a\n' },
  { kind: 'image', name: 'a JPEG picture', bytes: '\xff\xd8\xff' },
  { kind: 'image', name: 'a GIF picture', bytes: 'GIF87a' },
  { kind: 'image', name: 'a GIF picture', bytes: 'GIF89a' },
  { kind: 'image', name: 'a TIFF picture', bytes: 'II*\0' },
  { kind: 'image', name: 'a TIFF picture', bytes: 'MM\0*' },
  { kind: 'image', name: 'a BMP picture', bytes: 'BM', needsZeros: true },
  { kind: 'image', name: 'a WebP picture', at: 8, bytes: 'WEBP' },
  { kind: 'image', name: 'a HEIF picture', at: 4, bytes: 'ftypheic' },
  { kind: 'image', name: 'an AVIF picture', at: 4, bytes: 'ftypavif' },
  { kind: 'image', name: 'a DjVu document', bytes: 'AT&TFORM' },
  { kind: 'media', name: 'an MP4 video or sound', at: 4, bytes: 'ftyp' },
  { kind: 'media', name: 'a Matroska or WebM video', bytes: '\x1a\x45\xdf\xa3' },
  { kind: 'media', name: 'an AVI video', at: 8, bytes: 'AVI ', needsZeros: true },
  { kind: 'media', name: 'a WAV sound', at: 8, bytes: 'WAVE', needsZeros: true },
  { kind: 'media', name: 'an MP3 sound', bytes: 'ID3', needsZeros: true },
  // QuickTime's older files begin with any of their parts: https://developer.apple.com/documentation/quicktime-file-format/atoms
  ...['moov', 'mdat', 'wide', 'free', 'skip'].map(
    (bytes): Signature => ({ kind: 'media', name: 'a QuickTime video', at: 4, bytes, needsZeros: true }),
  ),
  // Layer III of MPEG 1, 2 and 2.5, with and without a checksum (ISO 11172-3, 2.4.1.3).
  ...['\xff\xfb', '\xff\xfa', '\xff\xf3', '\xff\xf2', '\xff\xe3', '\xff\xe2'].map(
    (bytes): Signature => ({ kind: 'media', name: 'an MP3 sound', bytes, needsZeros: true }),
  ),
  { kind: 'media', name: 'an Ogg video or sound', bytes: 'OggS' },
  { kind: 'media', name: 'a FLAC sound', bytes: 'fLaC' },
  { kind: 'other', name: 'a Windows program', bytes: 'MZ', needsZeros: true },
  { kind: 'other', name: 'a Linux program', bytes: '\x7fELF' },
  { kind: 'other', name: 'a macOS program', bytes: '\xcf\xfa\xed\xfe' },
  { kind: 'other', name: 'a gzip archive', bytes: '\x1f\x8b\x08' },
  { kind: 'other', name: 'a 7-Zip archive', bytes: "7z\xbc\xaf'\x1c" },
  { kind: 'other', name: 'a RAR archive', bytes: 'Rar!\x1a\x07' },
  { kind: 'other', name: 'an xz archive', bytes: '\xfd7zXZ\0' },
  { kind: 'other', name: 'an SQLite database', bytes: 'SQLite format 3\0' },
]

const formatNames: Partial<Record<DocumentFormat, string>> = {
  docx: 'a Word document',
  'source-zip': 'a ZIP archive',
  pptx: 'a PowerPoint presentation',
  pdf: 'a PDF document',
  html: 'a web page',
  srt: 'subtitles',
  vtt: 'subtitles',
}

/** What a file seems to be. Text of one-byte encodings may be `unknown`. */
export function looksLike(bytes: Uint8Array): Likeness {
  const head = headOf(bytes)
  const hasZeros = head.includes('\0')
  const found = signatures.find(
    ({ at = 0, bytes: start, needsZeros }) => head.startsWith(start, at) && (hasZeros || !needsZeros),
  )
  if (found) return { kind: found.kind, name: found.name }
  const text = head.replace(/^\xef\xbb\xbf/, '').trimStart()
  if (text.startsWith('%PDF-')) return { kind: 'pdf', name: 'a PDF document' }
  if (/^<(?:!doctype html|html|head|body|meta|title)[\s>]/i.test(text)) return { kind: 'html', name: 'a web page' }
  return /^[\s\x20-\x7e]+$/.test(head) ? { kind: 'text', name: 'text' } : { kind: 'unknown', name: 'of another kind' }
}

/** Throws `extract.unreadable` where the first bytes say that the file is of another kind than it is to be read as. */
export function requireLikeness(bytes: Uint8Array, format: DocumentFormat): void {
  const { kind, name } = looksLike(bytes)
  // Readers of PDF look for its beginning in the first 1024 bytes (ISO 32000-1, annex H, implementation note 13).
  if (bytes.byteLength === 0 || (format === 'pdf' && headOf(bytes).includes('%PDF-'))) return
  if (!fits(kind, format)) throw otherKind(format, name)
}

/**
 * Throws `extract.unreadable` where the first bytes are not those of a film or recording. Lists of other files and addresses,
 * which players follow (HLS, DASH, concat), are text.
 */
export function requireRecording(head: Uint8Array): void {
  const { kind, name } = looksLike(head)
  if (kind !== 'media') {
    throw new ExtractionError(
      'extract.unreadable',
      `The file could not be read as a film or recording: it seems to be ${name}.`,
    )
  }
}

/** `found` is what the file seems to be, with its article. */
export function otherKind(format: DocumentFormat, found: string): ExtractionError {
  return new ExtractionError(
    'extract.unreadable',
    `The file could not be read as ${formatNames[format] ?? 'text'}: it seems to be ${found}.`,
  )
}

/** In Latin-1. */
function headOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES)).toString('latin1')
}

function fits(kind: Likeness['kind'], format: DocumentFormat): boolean {
  switch (format) {
    case 'docx':
    case 'source-zip':
    case 'pptx':
      return kind === 'zip'
    case 'pdf':
      return kind === 'pdf'
    default:
      return kind === 'text' || kind === 'html' || kind === 'unknown'
  }
}
