import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib'
import { WebError } from './errors.ts'

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

/** A server may name several encodings, one around the other; more than these few is a game. */
const MAX_ENCODINGS = 3

const decoders: Record<string, Decoder> = {
  identity: async (bytes) => bytes,
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  // Some servers send deflate without the zlib header that RFC 9110 asks for: its first byte tells.
  deflate: (bytes, options) => promisify(((bytes[0] ?? 0) & 0x0f) === 8 ? inflate : inflateRaw)(bytes, options),
}

export const acceptedEncodings = 'gzip, deflate, br'

/**
 * Reads a body to its end and undoes its content encodings. Throws `web.too_large` as soon as more than `maxBytes` have come
 * in or come out, `web.bad_type` for an encoding nobody asked for, `web.unreachable` when the encoded bytes are broken.
 */
export async function readBody(
  body: AsyncIterable<Buffer>,
  { encoding, maxBytes }: { encoding: string; maxBytes: number },
): Promise<Buffer> {
  const undo = decodersFor(encoding)
  let bytes = await readRaw(body, maxBytes)
  for (const decode of undo) {
    if (bytes.length === 0) break
    bytes = await decode(bytes, { maxOutputLength: maxBytes }).catch((cause: unknown) => {
      const isTooLarge = cause instanceof RangeError && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
      throw isTooLarge ? tooLarge(maxBytes) : broken(cause)
    })
  }
  return bytes
}

export function tooLarge(maxBytes: number): WebError {
  return new WebError('web.too_large', `The page is larger than ${Math.floor(maxBytes / 1024)} KiB.`)
}

/** In the order of undoing: the last one named was put on last. */
function decodersFor(encoding: string): Decoder[] {
  const names = encoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  const found = names.map((name) => (Object.hasOwn(decoders, name) ? decoders[name] : undefined)).toReversed()
  if (found.length > MAX_ENCODINGS || !found.every((decoder) => decoder !== undefined)) {
    throw new WebError('web.bad_type', 'The host answered in an encoding that cannot be read.')
  }
  return found
}

async function readRaw(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > maxBytes) throw tooLarge(maxBytes)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function broken(cause: unknown): WebError {
  return new WebError('web.unreachable', 'The host sent a broken answer.', { transient: true, cause })
}
