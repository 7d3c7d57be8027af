import { Failure } from '#kernel/failure.ts'

export const directNotAvailable = () =>
  new Failure(
    'not_implemented',
    'direct.not_available',
    'This installation keeps files itself and has no bucket; send the bytes to POST /courses/{courseId}/materials, or use a resumable upload.',
  )

export const uploadIncomplete = (missing = 'part 2') =>
  new Failure('conflict', 'upload.incomplete', `The bucket does not have the whole file yet: ${missing}.`)

export const tooManyOpen = (most = 100) =>
  new Failure(
    'conflict',
    'upload.too_many_open',
    `${most} direct uploads are unfinished; complete or cancel one of them first.`,
  )
