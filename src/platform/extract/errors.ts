/** Why a document gave no chunks. Stable: may be stored and shown to a customer. */
export const extractionCodes = [
  'extract.unreadable',
  'extract.encrypted',
  'extract.empty',
  'extract.too_large',
  'extract.timeout',
  'extract.out_of_memory',
  'extract.crashed',
] as const

export type ExtractionCode = (typeof extractionCodes)[number]

const sentences: Record<ExtractionCode, string> = {
  'extract.unreadable': 'The file could not be read: its content is damaged or is not what its type says.',
  'extract.encrypted': 'The file is protected with a password: upload it without one.',
  'extract.empty': 'The file has no text to extract.',
  'extract.too_large': 'The file has more content than can be processed.',
  'extract.timeout': 'The file took too long to process.',
  'extract.out_of_memory': 'The file needs more memory to process than is allowed.',
  'extract.crashed': 'The file could not be processed: reading it stopped unexpectedly.',
}

/** The document cannot be extracted, whoever tries and however often. `message` is a sentence that a customer may read. */
export class ExtractionError extends Error {
  readonly code: ExtractionCode

  constructor(code: ExtractionCode, message: string = sentences[code], options?: ErrorOptions) {
    super(message, options)
    this.name = 'ExtractionError'
    this.code = code
  }
}
