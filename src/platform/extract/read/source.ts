import { extname } from 'node:path/posix'
import { ExtractionError } from '../errors.ts'
import type { ReadLimits } from '../limits.ts'
import type { Block } from '../protocol.ts'
import type { Document } from './blocks.ts'
import { decodeText } from './encoding.ts'
import { openZip } from './office/zip.ts'

type Limits = ReadLimits & { charset: string | null }

/** UTF-16 units of all that is read: far more than anybody reads of one person. */
const MAX_CHARS = 1_000_000
/** Bytes that the texts of an archive may have together. */
const MAX_BYTES = 4 * 1024 * 1024
const MAX_FILES = 500
const MAX_NAME = 200

const EXTENSIONS = ['.py', '.js', '.ts', '.java', '.txt', '.md']

/** What tools leave beside a program, and nobody wrote. */
const LEFT_OUT = new Set(['__macosx', '__pycache__', 'node_modules', 'venv'])

/** A program's text, or any other, exactly as it was written but for its line ends: the chunks' texts, one after another. */
export function readSource(bytes: Buffer, limits: Limits): Document {
  return documentOf(textOf(bytes, limits), limits)
}

/**
 * The texts of an archive, each under a line that names it, in the order of their names. What is of another kind is left out, other archives
 * too; nothing else of it is expanded. Throws `extract.unreadable` for names that lead out of the archive and for what only calls itself a
 * text, `extract.too_large` past the bounds, and `extract.empty` when no text is left.
 */
export function readSourceZip(bytes: Buffer, limits: Limits): Document {
  const archive = openZip(bytes, { ...limits, maxExpandedBytes: Math.min(MAX_BYTES, limits.maxExpandedBytes) })
  const entries = archive.names
    .map((name) => ({ name, path: pathOf(name) }))
    .filter(({ path }) => isText(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  if (entries.length === 0) throw new ExtractionError('extract.empty', NOTHING)
  if (entries.length > MAX_FILES)
    throw new ExtractionError('extract.too_large', `The archive has more than ${MAX_FILES} files.`)
  const texts = entries.map(({ name, path }) => {
    const content = archive.read(name) ?? Buffer.alloc(0)
    return `--- ${path.slice(0, MAX_NAME)} ---\n${content.length === 0 ? '' : textOf(content, limits).trimEnd()}`
  })
  return documentOf(texts.join('\n\n'), limits)
}

const NOTHING = `The archive has no file of text: ${EXTENSIONS.join(' ')}.`

function textOf(bytes: Buffer, { charset }: Limits): string {
  // No text has a zero byte but in UTF-16, which has a mark; a small picture may pass for an encoding that nobody uses.
  if (bytes.includes(0) && !isMarkedUtf16(bytes)) throw new ExtractionError('extract.unreadable')
  return decodeText(bytes, { charset, html: false }).replace(/\r\n?/g, '\n').replaceAll('\0', '').toWellFormed()
}

const isMarkedUtf16 = ([a, b]: Buffer) => (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)

/** Old programs write Windows' separators. Throws for what would be written outside of the folder that it is unpacked in. */
function pathOf(name: string): string {
  const path = name.replaceAll('\\', '/')
  const isOutside = path.startsWith('/') || /^[a-z]:/i.test(path) || path.split('/').includes('..')
  if (isOutside || path.includes('\0'))
    throw new ExtractionError('extract.unreadable', 'The archive names files outside of itself.')
  return path.replace(/\p{C}/gu, '')
}

function isText(path: string): boolean {
  const parts = path.toLowerCase().split('/')
  // A folder's name ends with a slash.
  if (path.endsWith('/') || !EXTENSIONS.includes(extname(path).toLowerCase())) return false
  return !parts.some((part) => part.startsWith('.') || LEFT_OUT.has(part))
}

function documentOf(text: string, { maxChunkChars }: Limits): Document {
  if (text.length > MAX_CHARS)
    throw new ExtractionError('extract.too_large', 'The file has more text than can be processed.')
  return { title: null, blocks: text.trim() === '' ? [] : parts(text, maxChunkChars) }
}

function* parts(text: string, max: number): Generator<Block> {
  for (let at = 0, paragraph = 1; at < text.length; paragraph += 1) {
    const window = text.slice(at, at + max)
    // Half a character is none.
    const part = window.isWellFormed() || window.length === 1 ? window : window.slice(0, -1)
    yield { kind: 'code', text: part, locator: { heading: [], paragraph } }
    at += part.length
  }
}
