import { resolve } from 'node:path'
import { MediaError } from './errors.ts'
import type { MediaLimits } from './limits.ts'
import { type MediaLog, runProgram } from './run-program.ts'

type Options = { page: number; signal: AbortSignal; limits: MediaLimits; log: MediaLog | undefined }

const JPEG = Buffer.from([0xff, 0xd8, 0xff])

/** A page of a PDF as a JPEG, by poppler's pdftoppm. */
export async function drawPage(path: string, { page, signal, limits, log }: Options) {
  const number = String(page)
  const size = ['-jpeg', '-scale-to', String(limits.maxPagePixels)]
  const bytes = await runProgram({
    program: 'pdftoppm',
    args: ['-q', '-f', number, '-l', number, ...size, resolve(path)],
    ms: limits.pageMs,
    memoryBytes: limits.memoryBytes,
    maxStdoutBytes: limits.maxPageBytes,
    signal,
    log,
  })
  // Of a page that is not there it draws nothing, and is content.
  if (!bytes.subarray(0, JPEG.length).equals(JPEG)) throw new MediaError('media.unreadable')
  return { bytes, mediaType: 'image/jpeg' }
}
