import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readBody } from './body.ts'

const TEXT = Buffer.from('Урок про ґенератори. '.repeat(50))

async function* pieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
}

const read = (bytes: Buffer, encoding: string, maxBytes = 10_000) => readBody(pieces(bytes), { encoding, maxBytes })

test.each([
  ['', TEXT],
  ['identity', TEXT],
  ['gzip', gzipSync(TEXT)],
  ['X-GZIP', gzipSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['deflate', deflateRawSync(TEXT)],
  ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
])('%s is undone', async (encoding, bytes) => {
  expect((await read(bytes, encoding)).toString()).toBe(TEXT.toString())
})

test('a body may be exactly as long as allowed', async () => {
  expect((await read(TEXT, '', TEXT.length)).length).toBe(TEXT.length)
  expect((await read(gzipSync(TEXT), 'gzip', TEXT.length)).length).toBe(TEXT.length)
})

const bomb = Buffer.alloc(5_000_000)

test.each([
  ['', TEXT, TEXT.length - 1],
  ['gzip', gzipSync(bomb), 10_000],
  ['deflate', deflateSync(bomb), 10_000],
  ['br', brotliCompressSync(bomb), 10_000],
  ['gzip, gzip', gzipSync(gzipSync(bomb)), 10_000],
])('%s beyond the limit is too large', async (encoding, bytes, maxBytes) => {
  await expect(read(bytes, encoding, maxBytes)).rejects.toMatchObject({ code: 'web.too_large' })
})

test('what comes in is counted too, and no more of it is read', async () => {
  let given = 0
  async function* endless() {
    for (;;) {
      given += 1
      yield Buffer.alloc(1000)
    }
  }
  await expect(readBody(endless(), { encoding: 'gzip', maxBytes: 10_000 })).rejects.toMatchObject({
    code: 'web.too_large',
  })
  expect(given).toBe(11)
})

test.each(['zstd', 'compress', 'constructor', 'gzip, gzip, gzip, gzip'])(
  '%s is an encoding that nobody asked for',
  async (encoding) => {
    await expect(read(TEXT, encoding)).rejects.toMatchObject({ code: 'web.bad_type' })
  },
)

test('broken bytes are the fault of the host', async () => {
  await expect(read(TEXT, 'gzip')).rejects.toMatchObject({ code: 'web.unreachable', transient: true })
  await expect(read(gzipSync(TEXT).subarray(0, 30), 'gzip')).rejects.toMatchObject({ code: 'web.unreachable' })
})

test('nothing is nothing in any encoding', async () => {
  expect((await read(Buffer.alloc(0), 'gzip')).length).toBe(0)
})
