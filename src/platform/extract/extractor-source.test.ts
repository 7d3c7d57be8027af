import { afterAll, expect, test } from 'vitest'
import { createExtractor } from './extractor.ts'
import { bomb, stored, zip } from './fixtures/zip.ts'

// By a child of its own, as it is in production.

const extractor = createExtractor()
afterAll(() => extractor.close())

async function* bodyOf(bytes: Buffer) {
  yield bytes
}
const read = (bytes: Buffer) =>
  extractor.extract({ format: 'source-zip', body: bodyOf(bytes), signal: AbortSignal.timeout(30_000) })

test('a confined child reads an archive of programs', async () => {
  const { chunks } = await read(zip([stored('робота/a.py', 'print("Привіт")\n')]))
  expect(chunks.map(({ text }) => text).join('')).toBe('--- робота/a.py ---\nprint("Привіт")')
})

test('and stops at what expands to far more', async () => {
  const bytes = zip([{ ...(await bomb('a.py', '', Buffer.alloc(1024 * 1024), 64, '')), size: 5 }])
  await expect(read(bytes)).rejects.toMatchObject({ code: 'extract.too_large' })
})
