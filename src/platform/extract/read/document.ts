import { ExtractionError } from '../errors.ts'
import type { Job } from '../protocol.ts'
import type { Document } from './blocks.ts'
import { decodeText } from './encoding.ts'
import { requireLikeness } from './signature.ts'

/** Reads a document of any format. Each format's libraries are loaded only when it is asked for. */
export async function readDocument(bytes: Buffer, job: Job): Promise<Document> {
  if (bytes.length === 0) throw new ExtractionError('extract.empty', 'The file is empty.')
  requireLikeness(bytes, job.format)
  if (job.format === 'pdf') return (await import('./pdf/pdf.ts')).readPdf(bytes, job)
  if (job.format === 'pptx') return (await import('./office/pptx.ts')).readPptx(bytes, job)
  if (job.format === 'docx') return (await import('./office/docx.ts')).readDocx(bytes, job)
  if (job.format === 'source') return (await import('./source.ts')).readSource(bytes, job)
  if (job.format === 'source-zip') return (await import('./source.ts')).readSourceZip(bytes, job)
  // A text cannot be longer than all that may come of it; a page may be mostly markup.
  if (bytes.length > (job.format === 'html' ? job.maxExpandedBytes : job.maxTextBytes)) {
    throw new ExtractionError('extract.too_large', 'The file has more text than can be processed.')
  }
  const text = decodeText(bytes, { charset: job.charset, html: job.format === 'html' })
  switch (job.format) {
    case 'text':
      return (await import('./plain.ts')).readPlain(text, job)
    case 'markdown':
      return (await import('./markdown.ts')).readMarkdown(text, job)
    case 'html':
      return (await import('./html/html.ts')).readHtml(text, job)
    case 'srt':
    case 'vtt':
      return (await import('./passages.ts')).readSubtitles(text, job.format, job)
  }
}
