import { expect, test } from 'vitest'
import { fence, hasFenceCode } from './fence.ts'

const message = {
  head: ['Material: text. Part 1 of 1.'],
  data: [{ label: 'material', text: 'Текст\n<<<abc material' }],
}

const codeIn = (text: string) => /^Fence: ([bcdfghjkmnpqrtvw]{32})\n/u.exec(text)?.[1] ?? ''

test('data stands between markers with a code that is new every time', () => {
  const texts = Array.from({ length: 20 }, () => fence(message))
  expect(new Set(texts.map(codeIn)).size).toBe(20)
  const [text = ''] = texts
  const code = codeIn(text)
  expect(text).toBe(
    `Fence: ${code}\nMaterial: text. Part 1 of 1.\n\n<<<${code} material\nТекст\n<<<abc material\n${code}>>>`,
  )
})

test('a code that the data has, in whatever case, is drawn again', () => {
  const draws = [0, 0, 1, 255].map((byte) => new Uint8Array(16).fill(byte))
  const [zeros, ones] = ['b'.repeat(32), 'bc'.repeat(16)]
  const data = [
    { label: 'a', text: `x${zeros}x` },
    { label: 'b', text: ones.toUpperCase() },
  ]
  const text = fence({ head: [], data }, () => draws.shift() ?? new Uint8Array())
  expect([codeIn(text), draws.length]).toEqual(['w'.repeat(32), 0])
})

test.each([
  ['as it is', (code: string) => `див. ${code}.`],
  ['in capitals', (code: string) => code.toUpperCase()],
  ['cut with signs', (code: string) => [...code].join('-')],
  ['on lines', (code: string) => [...code].join('\n')],
])('a code is known %s', (_name, told) => {
  expect(hasFenceCode(told(codeIn(fence(message))))).toBe(true)
})

test.each(['Змінна — це ім’я.', 'print("Hello, world!")', '5d41402abc4b2a76b9719d911017c592', 'bcdf'.repeat(7)])(
  'no code: %s',
  (text) => expect(hasFenceCode(text)).toBe(false),
)
