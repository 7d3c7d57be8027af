import { Failure, invalid } from '#kernel/failure.ts'

export const materialNotFound = () => new Failure('not_found', 'material.not_found', 'There is no such material.')

export const materialExternalIdTaken = () =>
  new Failure('conflict', 'material.external_id_taken', 'Another material has this external_id.')

export const materialNotRetryable = () =>
  new Failure('conflict', 'material.not_retryable', 'Only a material whose status is error can be tried again.')

export const materialUnsupportedType = (extension = '.exe') =>
  new Failure(
    'unsupported_type',
    'material.unsupported_type',
    extension === ''
      ? 'A file without an extension is not taken.'
      : `A file named *${extension} is not taken for this source_type.`,
  )

export const materialTooLarge = (maxBytes = 1_073_741_824) =>
  new Failure('too_large', 'material.too_large', `A file may have at most ${maxBytes} bytes.`)

export const uploadInterrupted = () =>
  new Failure('malformed', 'material.upload_interrupted', 'The body ended before it was complete.')

export const urlRefused = (why = 'The URL must lead to a host on the public internet.') =>
  invalid('source_url', why, 'material.url_refused')

export const digestMismatch = () =>
  invalid('Repr-Digest', 'is not the SHA-256 of the bytes that came', 'material.digest_mismatch')

export const replacedUnknown = () => invalid('replaces', 'is not a material of this course')

export const storageUnavailable = (cause?: unknown) =>
  new Failure('unavailable', 'service.unavailable', 'The file could not be stored for a moment. Please try again.', {
    retryAfter: 5,
    cause,
  })

export { queueFull } from '#platform/queue/index.ts'
