import { expect, test } from 'vitest'
import { bomb, stored, zip } from '../fixtures/zip.ts'
import { defaultLimits, readLimitsOf } from '../limits.ts'
import { readSource, readSourceZip } from './source.ts'

const limits = { charset: null, ...readLimitsOf(defaultLimits) }

const textOf = ({ blocks }: ReturnType<typeof readSource>) => [...blocks].map(({ text }) => text).join('')
const unzipped = (...files: Parameters<typeof zip>[0]) => textOf(readSourceZip(zip(files), limits))

test('a source is what was written, indentation and all', () => {
  const code = 'def привіт(імʼя):\n\n\n    print(f"Привіт, {імʼя}!")  \n\tpass\n'
  expect(textOf(readSource(Buffer.from(`\ufeff${code.replaceAll('\n', '\r\n')}`), limits))).toBe(code)
})

test('however long its lines are, nothing is lost or added', () => {
  const text = `${'🦉'.repeat(30_001)}\nкінець`
  const { blocks } = readSource(Buffer.from(text), limits)
  const all = [...blocks]
  expect(all.length).toBeGreaterThan(7)
  expect(all.every((block) => block.text.isWellFormed() && block.text.length <= 8_000)).toBe(true)
  expect(all.map((block) => block.text).join('')).toBe(text)
})

test('a source in the encoding of old Windows is read', () => {
  const bytes = Buffer.from(
    'cff0e8e2b3f22c20f1e2b3f2e52120d6e520eae8f0e8ebe8f6ff20f320f1f2e0f0eeecf320eae0e4f3e2e0ededb32e',
    'hex',
  )
  expect(textOf(readSource(bytes, { ...limits, charset: 'windows-1251' }))).toContain('Привіт, світе!')
})

test('and so is what Windows calls Unicode', () => {
  expect(textOf(readSource(Buffer.from('\ufeffПривіт', 'utf16le'), limits))).toBe('Привіт')
})

test('an archive is its texts under their names, in their order', () => {
  const text = unzipped(
    stored('робота/b.py', 'print(2)\n'),
    stored('робота/a.JS', 'console.log(1)\r\n'),
    stored('порожній.txt', ''),
  )
  expect(text).toBe('--- порожній.txt ---\n\n\n--- робота/a.JS ---\nconsole.log(1)\n\n--- робота/b.py ---\nprint(2)')
})

test('what is no text, what tools leave and archives in archives are left out', () => {
  const text = unzipped(
    stored('a.py', 'print(1)'),
    ...['b.zip', 'c.exe', 'd.png', 'node_modules/e/index.js', '.git/f.py', '__MACOSX/._a.py', 'folder.py/'].map(
      (name) => stored(name, 'PK\u0003\u0004'),
    ),
  )
  expect(text).toBe('--- a.py ---\nprint(1)')
})

test.each(['../a.py', '/etc/a.py', 'C:\\a.py', 'x\\..\\..\\a.py', 'a/../../b.png'])(
  '%s leads out of the archive',
  (name) => {
    expect(() => unzipped(stored('b.py', 'print(1)'), stored(name, 'x'))).toThrow(/outside/)
  },
)

test.each([
  [
    'a picture that calls itself a program',
    [stored('a.py', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 1, 2, 3]))],
    'extract.unreadable',
  ],
  ['an archive that calls itself a program', [stored('a.py', zip([stored('b.py', '1')]))], 'extract.unreadable'],
  ['nothing that is read', [stored('a.png', 'x')], 'extract.empty'],
  ['too many files', Array.from({ length: 501 }, (_, n) => stored(`${n}.py`, '1')), 'extract.too_large'],
  ['too much text', [stored('a.py', 'x = 1\n'.repeat(200_000))], 'extract.too_large'],
])('%s is refused', (_what, files, code) => {
  expect(() => unzipped(...files)).toThrow(expect.objectContaining({ code }))
})

test('an archive that expands to much more than it has is stopped, whatever it says of itself', async () => {
  const files = [await bomb('a.py', '', Buffer.alloc(1024 * 1024, 'x = 1\n'), 20, '')]
  const before = process.memoryUsage().arrayBuffers
  expect(() => readSourceZip(zip(files.map((file) => ({ ...file, size: 10 }))), limits)).toThrow(
    expect.objectContaining({ code: 'extract.too_large' }),
  )
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024)
})

test('what is no archive is unreadable', () => {
  expect(() => readSourceZip(Buffer.from('не архів'), limits)).toThrow(
    expect.objectContaining({ code: 'extract.unreadable' }),
  )
})
