import { extname } from 'node:path'
import type { DocumentFormat } from '#platform/extract/index.ts'

/** The files that may answer an exercise, by their extension, and what reads them. */
const FORMATS: Record<string, DocumentFormat> = {
  '.txt': 'source',
  '.md': 'markdown',
  '.pdf': 'pdf',
  '.docx': 'docx',
  '.py': 'source',
  '.js': 'source',
  '.ts': 'source',
  '.java': 'source',
  '.zip': 'source-zip',
}

export const ANSWER_EXTENSIONS = Object.keys(FORMATS)

export const extensionOf = (filename: string) => extname(filename).toLowerCase()

export const isAnswerFile = (filename: string) => ANSWER_EXTENSIONS.includes(extensionOf(filename))

export const formatOf = (filename: string): DocumentFormat | undefined => FORMATS[extensionOf(filename)]

/** Whether its chunks are its text, cut wherever it had to be. */
export const isVerbatim = (format: DocumentFormat) => format === 'source' || format === 'source-zip'

export const MAX_ANSWER_BYTES = 10 * 1024 * 1024
