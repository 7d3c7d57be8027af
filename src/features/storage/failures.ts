import { Failure } from '#kernel/failure.ts'

export const quotaExceeded = () =>
  new Failure('too_large', 'quota.exceeded', 'The file does not fit into the storage that is left to this tenant.')

export const uploadBusy = () =>
  new Failure(
    'unavailable',
    'upload.busy',
    'As many files as may be sent at once are on their way. Please try again.',
    {
      retryAfter: 5,
    },
  )
