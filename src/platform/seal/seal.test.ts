import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createPseudonyms, createSeal } from './index.ts'

const secret = randomBytes(32)
const seal = createSeal(secret, 'webhook')

test.each(['whsec_AbC/+=', '', 'Ключ до школи 🔑'])('what was sealed opens again: %j', (text) => {
  const sealed = seal.seal(text, 'tenant prep')
  expect(seal.open(sealed, 'tenant prep')).toBe(text)
  expect(sealed.includes(text === '' ? 'nothing' : text)).toBe(false)
})

test('no two seals of the same are equal', () => {
  expect(seal.seal('x', 'a').equals(seal.seal('x', 'a'))).toBe(false)
})

test('nothing opens elsewhere, for another purpose or with another secret', () => {
  const sealed = seal.seal('whsec_x', 'ours')
  expect(seal.open(sealed, 'theirs')).toBeUndefined()
  expect(createSeal(secret, 'other').open(sealed, 'ours')).toBeUndefined()
  expect(createSeal(randomBytes(32), 'webhook').open(sealed, 'ours')).toBeUndefined()
})

test('nothing opens when a bit of it was changed, or an end is missing', () => {
  const sealed = seal.seal('whsec_x', 'ours')
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(seal.open(changed, 'ours')).toBeUndefined()
    expect(seal.open(sealed.subarray(0, at), 'ours')).toBeUndefined()
  }
})

test('a pseudonym is the same for the same, and another for another text, purpose or secret', () => {
  const name = createPseudonyms(secret, 'list')
  const others = [name('б'), createPseudonyms(secret, 'other')('а'), createPseudonyms(randomBytes(32), 'list')('а')]
  expect(name('а')).toBe(createPseudonyms(secret, 'list')('а'))
  expect(new Set([name('а'), ...others]).size).toBe(4)
  expect(name('а')).toMatch(/^[0-9a-f]{64}$/)
})
