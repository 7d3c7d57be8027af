import type { Job } from '../protocol.ts'
import type { Document } from './blocks.ts'
import { decodeText } from './encoding.ts'

/** Reads a document of any format. Each format's libraries are loaded only when it is asked for. */
export async function readDocument(bytes: Buffer, job: Job): Promise<Document> {
  if (job.format === 'docx') return (await import('./docx.ts')).readDocx(bytes, job)
  const text = decodeText(bytes, { charset: job.charset, html: job.format === 'html' })
  switch (job.format) {
    case 'text':
      return (await import('./plain.ts')).readPlain(text, job)
    case 'markdown':
      return (await import('./markdown.ts')).readMarkdown(text, job)
    case 'html':
      return (await import('./html.ts')).readHtml(text, job)
    case 'srt':
    case 'vtt':
      return (await import('./passages.ts')).readSubtitles(text, job.format, job)
  }
}
