import { Failure } from '#kernel/failure.ts'

// What is said of uploads of either kind.

export const uploadNotFound = () =>
  new Failure('not_found', 'upload.not_found', 'There is no such upload, or it has expired.')

export const uploadFinished = () =>
  new Failure('conflict', 'upload.finished', 'The upload has become a material; delete that instead.')
