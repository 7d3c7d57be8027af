import { getDocument, type PDFDocumentProxy, VerbosityLevel } from 'unpdf/pdfjs'
import { ExtractionError } from '../../errors.ts'
import { looksLike, otherKind } from '../signature.ts'

/** Viewers look for the header in the first 1024 bytes: ISO 32000-1's predecessor, PDF Reference 1.7, appendix H.3, note 13. */
const HEADER_BYTES = 1024

/**
 * Opens a PDF file with what a confined process has: no worker, no WebAssembly, no fonts or character maps beyond the
 * file's own, no decoding of images. `extract.encrypted` where it needs a password.
 */
export async function openPdf(bytes: Buffer): Promise<PDFDocumentProxy> {
  if (!bytes.subarray(0, HEADER_BYTES).includes('%PDF-')) throw otherKind('pdf', looksLike(bytes).name)
  try {
    return await getDocument({
      // pdf.js wants a plain array of its own.
      data: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      verbosity: VerbosityLevel.ERRORS,
      maxImageSize: 0,
      disableFontFace: true,
      useSystemFonts: false,
      useWorkerFetch: false,
      useWasm: false,
      isOffscreenCanvasSupported: false,
      isImageDecoderSupported: false,
      enableXfa: false,
    }).promise
  } catch (error) {
    throw refusalOf(error)
  }
}

/**
 * pdf.js passes its errors on as copies, so only names and words are left of them. Running out of memory or stack is for
 * the caller to tell apart.
 */
export function refusalOf(error: unknown): unknown {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  if (name === 'PasswordException' || /encrypt/i.test(message)) {
    return new ExtractionError('extract.encrypted', undefined, { cause: error })
  }
  if (
    /allocation failed|out of memory|invalid (?:typed )?array (?:buffer )?length|invalid string length/i.test(message)
  ) {
    return new RangeError(message, { cause: error })
  }
  return new ExtractionError('extract.unreadable', undefined, { cause: error })
}
