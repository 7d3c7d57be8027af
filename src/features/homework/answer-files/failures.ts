import { Failure } from '#kernel/failure.ts'
import { ANSWER_EXTENSIONS, MAX_ANSWER_BYTES } from './formats.ts'

export const answerTooLarge = () =>
  new Failure('too_large', 'answer.too_large', `The file of an answer may have at most ${MAX_ANSWER_BYTES} bytes.`)

export const answerUnsupportedType = (extension = '.exe') =>
  new Failure(
    'unsupported_type',
    'answer.unsupported_type',
    `${extension === '' ? 'A file without an extension' : `A file named *${extension}`} is not taken; these are: ${ANSWER_EXTENSIONS.join(' ')}.`,
  )

export const answerInterrupted = () =>
  new Failure('malformed', 'answer.upload_interrupted', 'The body ended before it was complete.')
