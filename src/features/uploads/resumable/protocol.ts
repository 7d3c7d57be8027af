import type { IncomingHttpHeaders } from 'node:http'
import { type DataStore, ERRORS, type Locker, Server } from '@tus/server'
import type { Failure } from '#kernel/failure.ts'
import { uploadNotFound } from '../failures.ts'
import * as failures from './failures.ts'

export const TUS_VERSION = '1.0.0'

/** What a client said; `id` is the upload it spoke of. */
export type TusRequest = {
  method: 'POST' | 'HEAD' | 'PATCH' | 'DELETE' | 'OPTIONS'
  id?: string
  headers: IncomingHttpHeaders
}

export type TusAnswer = { status: number; headers: Record<string, string> }

type Options = {
  /** The store of this one request. */
  store: DataStore
  locker: Locker
  maxBytes: number
  newId: () => string
}

// What the protocol is about. Others would be judged, too, where no client means to be: X-Forwarded-Proto, for one.
const HEADERS = [
  'tus-resumable',
  'upload-length',
  'upload-defer-length',
  'upload-offset',
  'upload-metadata',
  'upload-concat',
]

/**
 * Lets the library conduct one request as tus 1.0 says (https://tus.io/protocols/resumable-upload), without its body, which `store` reads
 * for itself. Throws what the store throws, and a Failure where the client broke the protocol.
 */
export async function converse({ method, id, headers }: TusRequest, options: Options): Promise<TusAnswer> {
  if (method !== 'OPTIONS' && headers['tus-resumable'] !== TUS_VERSION) throw failures.versionUnsupported()
  const thrown: unknown[] = []
  const server = new Server({
    path: PATH,
    relativeLocation: true,
    datastore: options.store,
    locker: options.locker,
    maxSize: options.maxBytes,
    namingFunction: options.newId,
    onResponseError: (_request, error) => void thrown.push(error),
  })
  const address = `http://localhost${PATH}${id === undefined ? '' : `/${id}`}`
  const response = await server.handleWeb(new Request(address, { method, headers: relevant(method, headers) }))
  if (thrown.length > 0) throw REFUSALS.get(thrown[0])?.() ?? thrown[0]
  if (response.status >= 400) throw failures.headerInvalid((await response.text()).replace(/^Invalid /, '').trim())
  return { status: response.status, headers: Object.fromEntries([...response.headers].filter(isOfTus)) }
}

const PATH = '/uploads'

const isOfTus = ([name]: [string, string]) => /^(tus|upload)-/.test(name)

function relevant(method: string, headers: IncomingHttpHeaders): Record<string, string> {
  // A creation's body is no part of the upload: the extension for that is not offered.
  const names = method === 'PATCH' ? [...HEADERS, 'content-type', 'content-length'] : HEADERS
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])] as const])),
  )
}

// The library throws these very objects.
const REFUSALS = new Map<unknown, () => Failure>([
  [ERRORS.MISSING_OFFSET, () => failures.headerInvalid('Upload-Offset')],
  [ERRORS.INVALID_CONTENT_TYPE, () => failures.headerInvalid('Content-Type')],
  [ERRORS.INVALID_LENGTH, () => failures.headerInvalid('Upload-Length')],
  [ERRORS.INVALID_METADATA, () => failures.headerInvalid('Upload-Metadata')],
  [ERRORS.FILE_NOT_FOUND, uploadNotFound],
  [ERRORS.FILE_NO_LONGER_EXISTS, failures.uploadExpired],
  [ERRORS.INVALID_OFFSET, failures.offsetMismatch],
  [ERRORS.ERR_SIZE_EXCEEDED, failures.lengthExceeded],
  [ERRORS.UNSUPPORTED_CONCATENATION_EXTENSION, failures.extensionUnsupported],
  [ERRORS.UNSUPPORTED_CREATION_DEFER_LENGTH_EXTENSION, failures.extensionUnsupported],
])
