import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { createTokens } from './index.ts'

const secret = randomBytes(32)
const tokens = createTokens<object>(secret, 'reading')
const LATER = new Date('2027-01-01T00:00:00Z')

vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-12-31T23:00:00Z') })
afterEach(() => void vi.setSystemTime('2026-12-31T23:00:00Z'))

test('a token says what was signed', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), (payload) => {
      const token = tokens.sign(payload, LATER)
      expect(token).toMatch(/^[\w-]+$/)
      expect(tokens.verify(token)).toEqual(JSON.parse(JSON.stringify(payload)))
    }),
  )
})

test('until it expires', () => {
  const token = tokens.sign({ id: 'їжак' }, LATER)
  vi.setSystemTime(LATER.getTime() - 1)
  expect(tokens.verify(token)).toEqual({ id: 'їжак' })
  vi.setSystemTime(LATER)
  expect(tokens.verify(token)).toBeUndefined()
})

const token = tokens.sign({ id: 'їжак' }, LATER)
const bytes = Buffer.from(token, 'base64url')
const flipped = (at: number) => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))).toString('base64url')

test.each([
  ['nothing', ''],
  ['a piece', token.slice(0, 20)],
  ['its signature alone', bytes.subarray(0, 32).toString('base64url')],
  ['one character less', token.slice(0, -1)],
  ['one character more', `${token}A`],
  ['padding', `${token}=`],
  ['what base64 skips', `${token}!`],
  ['another alphabet', `${token.slice(0, 50)}+${token.slice(50)}`],
  ['another signature', flipped(0)],
  ['another statement', flipped(bytes.length - 4)],
  ['another purpose', createTokens<object>(secret, 'writing').sign({ id: 'їжак' }, LATER)],
  ['another installation', createTokens<object>(randomBytes(32), 'reading').sign({ id: 'їжак' }, LATER)],
])('and not with %s', (_, forged) => {
  expect(tokens.verify(forged)).toBeUndefined()
})
