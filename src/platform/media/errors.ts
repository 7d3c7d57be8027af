import type { MediaCode } from './media.ts'

const sentences: Record<MediaCode, string> = {
  'media.unreadable': 'The file could not be read: its content is damaged or is not what its type says.',
  'media.no_sound': 'The file has no sound.',
  'media.too_long': 'The recording is longer than can be processed: upload it in parts.',
  'media.timeout': 'The file took too long to process.',
  'media.tool_missing':
    'The server has no program installed that reads files of this kind. Its operator has been told.',
}

/** The film or page cannot be read here, however often one tries. `message` is a sentence that a customer may read. */
export class MediaError extends Error {
  readonly code: MediaCode

  constructor(code: MediaCode, message: string = sentences[code], options?: ErrorOptions) {
    super(message, options)
    this.name = 'MediaError'
    this.code = code
  }
}
