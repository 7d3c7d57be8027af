import { Failure } from '#kernel/failure.ts'

export const uploadExpired = () =>
  new Failure('not_found', 'upload.expired', 'Nobody went on with this upload in time. Begin a new one.')

export const offsetMismatch = () =>
  new Failure('conflict', 'upload.offset_mismatch', 'Upload-Offset is not where the upload stands. Ask with HEAD.')

export const uploadOvertaken = () =>
  new Failure(
    'conflict',
    'upload.overtaken',
    'Another request goes on with this upload. Ask with HEAD where it stands.',
  )

export const lengthExceeded = () =>
  new Failure('too_large', 'upload.length_exceeded', 'More bytes came than Upload-Length said.')

export const tokenInvalid = () =>
  new Failure('unauthenticated', 'upload.token_invalid', 'The token in the address is not one of this upload.')

export const tokenExpired = () =>
  new Failure('unauthenticated', 'upload.token_expired', 'The token in the address has expired.')

export const versionUnsupported = () =>
  new Failure('precondition_failed', 'tus.version_unsupported', 'Tus-Resumable must be 1.0.0.')

export const headerInvalid = (what = 'Upload-Offset') =>
  new Failure('malformed', 'tus.header_invalid', `${what} is missing or wrong.`)

export const extensionUnsupported = () =>
  new Failure('not_implemented', 'tus.extension_unsupported', 'This server has no such tus extension.')

export const tooManyOpen = (most = 1_000) =>
  new Failure('conflict', 'upload.too_many_open', `${most} uploads are unfinished; finish or delete one of them first.`)
