import type { Chunk, ChunkKind, Locator } from '#kernel/chunk.ts'
import { type ExtractionCode, extractionCodes } from './errors.ts'
import type { ReadLimits } from './limits.ts'

export type DocumentFormat =
  | 'markdown'
  | 'text'
  | 'html'
  | 'docx'
  | 'pptx'
  | 'pdf'
  | 'srt'
  | 'vtt'
  | 'source'
  | 'source-zip'

/** A chunk before it has its place in the document. */
export type Block = Omit<Chunk, 'order'>

/** What the child is asked to do: one JSON argument on its command line. The document itself comes on stdin. */
export type Job = ReadLimits & {
  format: DocumentFormat
  /** HTML only: look for the page's main article and leave the rest. */
  article: boolean
  /** The encoding that the transport declared, if any. */
  charset: string | null
}

/** What the child answers: one JSON line each. A run is complete only after `done` or `failed`. */
export type Message =
  | { type: 'title'; title: string }
  | { type: 'block'; block: Block }
  /** A page that shows more than it says; counts from 1. Each such page once, in order. */
  | { type: 'picture'; page: number }
  | { type: 'failed'; code: ExtractionCode; message: string }
  | { type: 'done' }

export const MAX_TITLE_CHARS = 500
/** A longer "heading" is a paragraph in disguise; it would be repeated in the path of everything below it. */
export const MAX_HEADING_CHARS = 500
const MAX_HEADING_DEPTH = 6
const MAX_FAILURE_CHARS = 300

const kinds: ReadonlySet<unknown> = new Set<ChunkKind>([
  'heading',
  'paragraph',
  'list',
  'table',
  'code',
  'passage',
  'description',
  'notes',
])
const codes: ReadonlySet<unknown> = new Set(extractionCodes)

export function writeMessage(message: Message): string {
  return `${JSON.stringify(message)}\n`
}

/** Reads one line of the child, which is not trusted: undefined unless it is exactly a message within its bounds. */
export function readMessage(line: string, { maxChunkChars }: Pick<Job, 'maxChunkChars'>): Message | undefined {
  const parsed = parseObject(line)
  switch (parsed?.['type']) {
    case 'done':
      return { type: 'done' }
    case 'title':
      return isText(parsed['title'], MAX_TITLE_CHARS) ? { type: 'title', title: parsed['title'] } : undefined
    case 'failed':
      return isCode(parsed['code']) && isText(parsed['message'], MAX_FAILURE_CHARS)
        ? { type: 'failed', code: parsed['code'], message: parsed['message'] }
        : undefined
    case 'block': {
      const block = readBlock(parsed['block'], maxChunkChars)
      return block && { type: 'block', block }
    }
    case 'picture':
      return isCount(parsed['page']) ? { type: 'picture', page: parsed['page'] } : undefined
    default:
      return undefined
  }
}

function readBlock(value: unknown, maxChunkChars: number): Block | undefined {
  if (!isObject(value)) return undefined
  const { kind, text } = value
  const locator = readLocator(value['locator'])
  return isKind(kind) && isText(text, maxChunkChars) && locator ? { kind, text, locator } : undefined
}

function readLocator(value: unknown): Locator | undefined {
  if (!isObject(value)) return undefined
  const { start, end, heading, paragraph, slide, page } = value
  if (isCount(slide)) return { slide }
  if (isCount(page) && page > 0) return { page }
  if (typeof start === 'number' && typeof end === 'number' && start >= 0 && end >= start) return { start, end }
  return isHeadingPath(heading) && Number.isSafeInteger(paragraph) && typeof paragraph === 'number' && paragraph >= 0
    ? { heading, paragraph }
    : undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isHeadingPath(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length <= MAX_HEADING_DEPTH && value.every((part) => isText(part, MAX_HEADING_CHARS))
  )
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= max
}

function isKind(value: unknown): value is ChunkKind {
  return kinds.has(value)
}

function isCode(value: unknown): value is ExtractionCode {
  return codes.has(value)
}
