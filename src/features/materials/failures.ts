import { Failure } from '#kernel/failure.ts'

export const materialNotFound = () => new Failure('not_found', 'material.not_found', 'There is no such material.')

export const materialExternalIdTaken = () =>
  new Failure('conflict', 'material.external_id_taken', 'Another material has this external_id.')

export const materialNotRetryable = () =>
  new Failure('conflict', 'material.not_retryable', 'Only a material whose status is error can be tried again.')

export const materialUnsupportedType = (extension = '.exe') =>
  new Failure(
    'unsupported_type',
    'material.unsupported_type',
    `A file named *${extension} is not taken for this source_type.`,
  )

export const materialTooLarge = (maxBytes = 1_073_741_824) =>
  new Failure('too_large', 'material.too_large', `A file may have at most ${maxBytes} bytes.`)

export const uploadInterrupted = () =>
  new Failure('malformed', 'material.upload_interrupted', 'The body ended before it was complete.')

export { queueFull } from '#platform/queue/index.ts'
