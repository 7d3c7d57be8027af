import type { UploadRef } from './s3-multipart.ts'
import type { Presign } from './s3-presign.ts'
import type { PutAnswer, Transport } from './s3-transport.ts'
import type { Part } from './store.ts'

export type PartSender = ReturnType<typeof createPartSender>

type Described = { contentType?: string | undefined; metadata?: Record<string, string>; signal: AbortSignal }

/** Longer than any attempt may take. */
const SECONDS = 3600

/** Sends bytes as parts or as whole objects. */
export function createPartSender({ presign, transport }: { presign: Presign; transport: Transport }) {
  async function sendPart(
    { key, uploadId }: UploadRef,
    number: number,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<Part> {
    const query = { partNumber: String(number), uploadId }
    const { etag } = await transport.put(() => presign('PUT', key, { seconds: SECONDS, query }), bytes, signal)
    return { size: bytes.byteLength, etag }
  }

  async function sendObject(
    key: string,
    bytes: Uint8Array,
    { contentType, metadata = {}, signal }: Described,
  ): Promise<PutAnswer> {
    const headers = {
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
    }
    return transport.put(() => presign('PUT', key, { seconds: SECONDS, headers }), bytes, signal)
  }

  return { sendPart, sendObject }
}
