import { Failure } from '#kernel/failure.ts'

export const keyMissing = () =>
  new Failure('unauthenticated', 'auth.key_missing', 'Send your API key in the X-API-Key header.')

export const keyInvalid = () => new Failure('unauthenticated', 'auth.key_invalid', 'The API key is not valid.')

export const keyExpired = () => new Failure('unauthenticated', 'auth.key_expired', 'The API key has expired.')

export const scopeMissing = (scope = 'prep') =>
  new Failure('forbidden', 'auth.scope_missing', `The API key lacks the scope ${scope}.`)

export const tooManyRefusedKeys = (retryAfter = 60) =>
  new Failure('limited', 'auth.too_many_refusals', 'Too many refused keys came from this address.', { retryAfter })

/** What any route that needs a key may answer. */
export const KEY_FAILURES = [keyMissing, keyInvalid, keyExpired, scopeMissing, tooManyRefusedKeys]

export const tenantNotFound = (name = '') =>
  new Failure('not_found', 'tenant.not_found', `There is no tenant named "${name}".`)

export const tenantNameTaken = (name = '') =>
  new Failure('conflict', 'tenant.name_taken', `A tenant named "${name}" exists already.`)

export const keyNotFound = () => new Failure('not_found', 'key.not_found', 'There is no such key.')
