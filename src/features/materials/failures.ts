import { Failure, invalid } from '#kernel/failure.ts'
import { type SourceType, typesTaking, UPLOADABLE } from './formats.ts'

export const materialNotFound = () => new Failure('not_found', 'material.not_found', 'There is no such material.')

export const materialExternalIdTaken = () =>
  new Failure('conflict', 'material.external_id_taken', 'Another material has this external_id.')

export const materialNotRetryable = () =>
  new Failure('conflict', 'material.not_retryable', 'Only a material whose status is error can be tried again.')

export const materialNotReady = () =>
  new Failure('conflict', 'material.not_ready', 'The material has not been read yet: its status is not done.')

export const materialFailed = () =>
  new Failure('conflict', 'material.failed', 'The material could not be read: its error says why, and it has no text.')

export const textQuotaExceeded = () =>
  new Failure(
    'too_large',
    'quota.text_exceeded',
    'The text of this material does not fit into what is left to this tenant. Delete materials that are not needed any more, or ask for a larger quota, and try again.',
  )

/** Says what is taken as that source type, and as which the file would be. */
export const materialUnsupportedType = (extension = '.exe', sourceType?: SourceType) =>
  new Failure('unsupported_type', 'material.unsupported_type', notTaken(extension, sourceType))

function notTaken(extension: string, sourceType: SourceType | undefined): string {
  const file = extension === '' ? 'A file without an extension' : `A file named *${extension}`
  if (sourceType === undefined) {
    const all = FILE_TYPES.map((type) => `${type} (${UPLOADABLE[type].join(' ')})`)
    return `${file} is not taken; these are: ${all.join(', ')}.`
  }
  const others = typesTaking(extension)
  const elsewhere = others.length > 0 ? `; send it as ${others.join(' or ')}` : ''
  const taken = UPLOADABLE[sourceType]
  const instead = taken.length > 0 ? `which takes ${taken.join(' ')}` : 'which takes a source_url'
  return `${file} is not taken as ${sourceType}, ${instead}${elsewhere}.`
}

const FILE_TYPES = ['video', 'presentation', 'text'] as const

export const materialTooLarge = (maxBytes = 1_073_741_824) =>
  new Failure('too_large', 'material.too_large', `A file may have at most ${maxBytes} bytes.`)

export const uploadInterrupted = () =>
  new Failure('malformed', 'material.upload_interrupted', 'The body ended before it was complete.')

export const urlRefused = (why = 'The URL must lead to a host on the public internet.') =>
  invalid('source_url', why, 'material.url_refused')

export const videoPlatform = () =>
  invalid(
    'source_url',
    'This is a page of a video platform, from which films cannot be taken. Download the video and upload the file, or upload its subtitles (.srt or .vtt).',
    'material.video_platform',
  )

export const digestMismatch = () =>
  invalid('Repr-Digest', 'is not the SHA-256 of the bytes that came', 'material.digest_mismatch')

export const storedDigestMismatch = () =>
  new Failure(
    'invalid',
    'upload.digest_mismatch',
    'The bytes that came do not have the SHA-256 that was declared. Upload the file again.',
  )

export const storedSizeMismatch = () =>
  new Failure('invalid', 'upload.size_mismatch', 'The stored file has another size than declared. Upload it again.')

export const replacedUnknown = () => invalid('replaces', 'is not a material of this course')

export const storageUnavailable = (cause?: unknown) =>
  new Failure('unavailable', 'service.unavailable', 'The file could not be stored for a moment. Please try again.', {
    retryAfter: 5,
    cause,
  })

export { queueFull } from '#platform/queue/index.ts'
