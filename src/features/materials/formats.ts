import { extname } from 'node:path'
import { MIMEType } from 'node:util'
import type { DocumentFormat } from '#platform/extract/index.ts'

export type SourceType = 'video' | 'presentation' | 'text' | 'web'

export const SOURCE_TYPES = ['video', 'presentation', 'text', 'web'] as const

/** The extensions that may be uploaded. */
export const UPLOADABLE: Record<SourceType, readonly string[]> = {
  video: ['.mp4', '.webm', '.mkv', '.mov', '.mp3', '.m4a', '.wav', '.srt', '.vtt'],
  presentation: ['.pdf', '.pptx'],
  text: ['.md', '.markdown', '.txt', '.html', '.htm', '.docx', '.pdf'],
  web: [],
}

/** How something is read: as a document, or as a film or recording. */
export type MaterialFormat = DocumentFormat | 'media'

const READABLE: Record<string, MaterialFormat> = {
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.txt': 'text',
  '.html': 'html',
  '.htm': 'html',
  '.docx': 'docx',
  '.pdf': 'pdf',
  '.pptx': 'pptx',
  '.srt': 'srt',
  '.vtt': 'vtt',
  '.mp4': 'media',
  '.webm': 'media',
  '.mkv': 'media',
  '.mov': 'media',
  '.mp3': 'media',
  '.m4a': 'media',
  '.wav': 'media',
}

const READABLE_TYPES: Record<string, DocumentFormat> = {
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'text/plain': 'text',
  'text/markdown': 'markdown',
  'text/x-markdown': 'markdown',
  'text/vtt': 'vtt',
  'text/srt': 'srt',
  'application/x-subrip': 'srt',
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
}

/** What is fetched from an address. Many servers have no better name for subtitles and Markdown than octet-stream. */
export const PAGE_TYPES: readonly string[] = [...Object.keys(READABLE_TYPES), 'application/octet-stream']

/** The lower-case extension with its dot; empty when there is none. */
export const extensionOf = (name: string) => extname(name).toLowerCase()

/** Whether a file of that name may be uploaded: as this source type, or as any when the type is not known yet. */
export function isUploadable(filename: string, sourceType: SourceType | undefined): boolean {
  const extension = extensionOf(filename)
  const allowed = sourceType === undefined ? Object.values(UPLOADABLE).flat() : UPLOADABLE[sourceType]
  return allowed.includes(extension)
}

/** How to read a file of that name; undefined for a kind that is not taken. */
export const formatOfFile = (filename: string): MaterialFormat | undefined => READABLE[extensionOf(filename)]

/** How to read what an address answered: its path's extension says more than a careless server's content type. Films are not fetched. */
export function formatOfPage(url: string, contentType: string): DocumentFormat | undefined {
  const named = contentType === 'text/html' ? undefined : formatOfFile(new URL(url).pathname)
  return (named === 'media' ? undefined : named) ?? READABLE_TYPES[contentType]
}

/** What clients say that were told nothing: curl's `--data-binary`, and a form's part without a type. */
const SAYS_NOTHING = /^(?:application\/x-www-form-urlencoded|application\/octet-stream)\s*(?:;|$)/i

const TYPES: Record<string, string> = {
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mkv': 'video/x-matroska',
  '.mov': 'video/quicktime',
  '.mp3': 'audio/mpeg',
  '.m4a': 'audio/mp4',
  '.wav': 'audio/wav',
  '.srt': 'application/x-subrip',
  '.vtt': 'text/vtt',
  '.pdf': 'application/pdf',
  '.pptx': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  '.md': 'text/markdown',
  '.markdown': 'text/markdown',
  '.txt': 'text/plain',
  '.html': 'text/html',
  '.htm': 'text/html',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
}

/** What the client says the file is, or what its name says when the client says nothing that could be kept. */
export function contentTypeOf(filename: string, said: string | null): string | null {
  return said === null || SAYS_NOTHING.test(said) ? (TYPES[extensionOf(filename)] ?? said) : said
}

/** The source types that take files of that extension. */
export const typesTaking = (extension: string) =>
  SOURCE_TYPES.filter((sourceType) => UPLOADABLE[sourceType].includes(extension))

/** The encoding that a content type declares. */
export function charsetOf(contentType: string | null): string | undefined {
  try {
    return new MIMEType(contentType ?? '').params.get('charset') ?? undefined
  } catch {
    return undefined
  }
}

export const isSourceType = (value: unknown): value is SourceType => SOURCE_TYPES.some((type) => type === value)

/** For the OpenAPI document. */
export function describeFormats(): string {
  const kinds = SOURCE_TYPES.filter((sourceType) => UPLOADABLE[sourceType].length > 0)
  const taken = kinds.map((sourceType) => `- \`${sourceType}\`: ${UPLOADABLE[sourceType].join(' ')}`)
  return [
    "The file name's extension says what is taken:",
    taken.join('\n'),
    'Films and recordings are read by the subtitles that are in them, else by a transcription model: where none is configured they end as `error` with the code `transcription.not_configured`. Pages of a PDF that show more than they say are described by a model with vision, where there is one. Pages of video platforms are refused: upload the file, or its subtitles.',
  ].join('\n\n')
}
