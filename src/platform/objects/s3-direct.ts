import { setImmediate as turn } from 'node:timers/promises'
import { create as contentDisposition } from 'content-disposition'
import { requireKey } from './key.ts'
import { isNoSuchUpload, type Multipart } from './s3-multipart.ts'
import type { Presign } from './s3-presign.ts'
import type { DirectStore, Part, SignedRequest } from './store.ts'

/** Signatures made before others get their turn: some 25 ms. */
const BATCH = 250

/** Requests that clients send to the bucket themselves, signed. */
export function createS3Direct({ presign, multipart }: { presign: Presign; multipart: Multipart }): DirectStore {
  return {
    async signParts(key, { uploadId, partBytes }, { size, seconds }) {
      requireKey(key)
      const signed: SignedRequest[] = []
      for (let at = 0; at < size; at += partBytes) {
        const query = { partNumber: String(signed.length + 1), uploadId }
        const headers = { 'content-length': String(Math.min(partBytes, size - at)) }
        signed.push(await presign('PUT', key, { seconds, query, headers }))
        if (signed.length % BATCH === 0) await turn()
      }
      return signed
    },

    async listParts(key, { uploadId }) {
      const parts: Part[] = []
      try {
        for await (const { number, size, etag } of multipart.parts({ key: requireKey(key), uploadId })) {
          // Those that are missing in between.
          while (parts.length < number - 1) parts.push({ size: 0, etag: '' })
          parts.push({ size, etag })
        }
      } catch (error) {
        if (!isNoSuchUpload(error)) throw error
      }
      return parts
    },

    async signGet(key, { seconds, filename, contentType }) {
      const query = {
        'response-content-disposition': contentDisposition(filename, { type: 'attachment' }),
        'response-content-type': contentType,
      }
      return (await presign('GET', requireKey(key), { seconds, query })).url
    },
  }
}
