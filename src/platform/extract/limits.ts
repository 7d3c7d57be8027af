import { availableParallelism } from 'node:os'

export type ExtractLimits = {
  /** Bytes of one document. */
  maxInputBytes: number
  /** Bytes that the XML parts of a DOCX or PPTX may expand to, and that a web page may have. */
  maxExpandedBytes: number
  /** How many times its size an archive or a part of it may expand to, once it is past a size that is small anyway. */
  maxExpansionRatio: number
  /** Files in one archive. */
  maxEntries: number
  maxSlides: number
  /** Captions in one subtitle file. */
  maxCues: number
  /** UTF-8 bytes of all chunk texts and heading paths of one document. */
  maxTextBytes: number
  maxChunks: number
  /** Pages of one PDF. */
  maxPages: number
  /** UTF-16 units of one chunk; longer paragraphs are split. */
  maxChunkChars: number
  /** Until the body has been read to its end. It comes over a network, so a slow one is not the document's fault. */
  inputMs: number
  /** From the end of the body to the last chunk. */
  parseMs: number
  /** V8's old generation of one child. */
  maxHeapBytes: number
  /** Resident memory of one child: Buffers live outside the heap. Watched on Linux only. */
  maxRssBytes: number
  /** Children at a time; further documents wait. */
  concurrency: number
}

const MIB = 1024 * 1024

export const defaultLimits: ExtractLimits = {
  maxInputBytes: 100 * MIB,
  maxExpandedBytes: 64 * MIB,
  maxExpansionRatio: 200,
  maxEntries: 10_000,
  maxSlides: 2_000,
  maxCues: 100_000,
  maxTextBytes: 32 * MIB,
  maxChunks: 50_000,
  maxPages: 2_000,
  maxChunkChars: 8_000,
  inputMs: 120_000,
  parseMs: 60_000,
  maxHeapBytes: 384 * MIB,
  maxRssBytes: 640 * MIB,
  concurrency: availableParallelism(),
}

/** The limits that a reader itself holds to; the rest is watched from outside. */
export type ReadLimits = Pick<
  ExtractLimits,
  | 'maxChunkChars'
  | 'maxTextBytes'
  | 'maxExpandedBytes'
  | 'maxExpansionRatio'
  | 'maxEntries'
  | 'maxPages'
  | 'maxSlides'
  | 'maxCues'
>

export function readLimitsOf({
  maxChunkChars,
  maxTextBytes,
  maxExpandedBytes,
  maxExpansionRatio,
  maxEntries,
  maxPages,
  maxSlides,
  maxCues,
}: ExtractLimits): ReadLimits {
  return { maxChunkChars, maxTextBytes, maxExpandedBytes, maxExpansionRatio, maxEntries, maxPages, maxSlides, maxCues }
}
