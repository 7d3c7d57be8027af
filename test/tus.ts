import { Upload, type UploadOptions } from 'tus-js-client'
import type { Answer, Client } from './client.ts'
import { type OpenRequest, openRequest } from './open-request.ts'

export const VIDEO = { filename: 'лекція 1.mp4', source_type: 'video' }

const TUS = { 'tus-resumable': '1.0.0' }

/** `Upload-Metadata` as clients write it. */
export const encode = (metadata: Record<string, string>) =>
  Object.entries(metadata)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',')

type Creation = { length?: number | string; metadata?: Record<string, string>; headers?: Record<string, string> }

/** The protocol by hand, for what tus-js-client does not do. Locations are as the server answers them. */
export const tus = {
  create: (client: Client, courseId: string, { length = 10, metadata = VIDEO, headers = {} }: Creation = {}) =>
    client.request('POST', `/courses/${courseId}/uploads`, {
      headers: { ...TUS, 'upload-length': String(length), 'upload-metadata': encode(metadata), ...headers },
    }),
  /** The location of a new upload. */
  async begin(client: Client, courseId: string, creation: Creation = {}): Promise<string> {
    const { status, headers, body } = await tus.create(client, courseId, creation)
    if (status !== 201) throw new Error(`No upload was made: ${status} ${JSON.stringify(body)}`)
    return headers.get('location') ?? ''
  },
  look: (client: Client, location: string, headers: Record<string, string> = {}) =>
    client.request('HEAD', `/${location}`, { headers: { ...TUS, ...headers } }),
  delete: (client: Client, location: string) => client.request('DELETE', `/${location}`, { headers: TUS }),
  patch: (
    client: Client,
    location: string,
    offset: number,
    body: Uint8Array | string,
    headers: Record<string, string> = {},
  ) => client.request('PATCH', `/${location}`, { headers: { ...appending(offset), ...headers }, body }),
  /** A PATCH whose body comes as the test pleases. */
  open: (url: string, { offset, length }: { offset: number; length: number }): OpenRequest =>
    openRequest(url, { ...appending(offset), 'content-length': length }, 'PATCH'),
}

const appending = (offset: number) => ({
  ...TUS,
  'upload-offset': String(offset),
  'content-type': 'application/offset+octet-stream',
})

export const idOf = (location: string) => new URL(location, 'http://any').pathname.split('/').at(-1) ?? ''

/** The offset that an answer tells; NaN when it tells none. */
export const offsetOf = ({ headers }: Pick<Answer, 'headers'>) =>
  Number.parseInt(headers.get('upload-offset') ?? '', 10)

/** Sends bytes as tus-js-client does; resolves with the upload's address, rejects with the client's error when it gives up. */
export function sendByTus(bytes: Buffer, options: Partial<UploadOptions>): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      metadata: VIDEO,
      retryDelays: [],
      storeFingerprintForResuming: false,
      ...options,
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ''),
    })
    upload.start()
  })
}
