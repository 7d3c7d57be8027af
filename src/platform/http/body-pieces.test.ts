import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, type Readable, Transform } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { piecesOfBody } from './body-pieces.ts'

const server = createServer()

afterEach(() => server.close())

test('the memory of a chunk goes with its last piece, and no piece changes before', async () => {
  const sent = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff))
  const seen: ArrayBufferLike[] = []
  const read = async (raw: IncomingMessage) => {
    const copies: Buffer[] = []
    for await (const piece of piecesOfBody(raw, parsed(raw))) {
      copies.push(Buffer.from(piece))
      if (seen.at(-1) !== piece.buffer) seen.push(piece.buffer)
    }
    return Buffer.concat(copies)
  }

  expect((await received(sent, read)).equals(sent)).toBe(true)
  expect(seen.length).toBeGreaterThan(4)
  const held = seen.filter(({ byteLength }) => byteLength > 0)
  // The first came before anybody looked, the last has no successor.
  expect(held.length).toBeLessThanOrEqual(2)
})

test('a piece that a parser made itself is left alone', async () => {
  const own = Buffer.alloc(100_000, 'ї')
  const read = async (raw: IncomingMessage) => {
    const made = (async function* () {
      for await (const chunk of parsed(raw)) yield* [own, chunk]
    })()
    for await (const piece of piecesOfBody(raw, made)) expect(piece.byteLength).toBeGreaterThan(0)
    return own
  }
  expect((await received(Buffer.alloc(500_000), read)).byteLength).toBe(100_000)
})

/** What a parser gives of a body: views of its chunks, several of each. */
function parsed(raw: IncomingMessage): Readable {
  const cut = new Transform({
    readableObjectMode: true,
    transform(chunk: Buffer, _encoding, done) {
      const middle = chunk.byteLength >> 1
      this.push(chunk.subarray(0, middle))
      this.push(chunk.subarray(middle))
      done()
    },
  })
  return raw.pipe(cut).pipe(new PassThrough({ objectMode: true }))
}

async function received(body: Buffer, read: (raw: IncomingMessage) => Promise<Buffer>): Promise<Buffer> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const asked = once(server, 'request')
  const answered = fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: new Uint8Array(body) })
  const [raw, response] = await asked
  const bytes = await read(raw)
  response.end()
  await answered
  return bytes
}
