import { expect, test } from 'vitest'
import { inText, materialOf } from './fixtures/lecture.ts'
import { shinglesOf } from './shingles.ts'
import { MOST_UNITS, unitsOf } from './units.ts'

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, at) => `слово${from + at}`).join(' ')
const hashes = (shingles: Float64Array) => [...shingles].map((key) => Math.floor(key / MOST_UNITS))

test('there is one for every four words in a row, across chunks and never across materials', () => {
  const materials = [numbers(0, 10), numbers(10, 3), ''].map((text, at) => materialOf([text], inText, { id: `m${at}` }))
  expect(shinglesOf(unitsOf(materials))).toHaveLength(7)
  const [one] = materials
  const cut = materialOf([numbers(0, 4), numbers(4, 6)], inText, { id: 'cut' })
  expect(hashes(shinglesOf(unitsOf([cut])))).toEqual(hashes(shinglesOf(unitsOf(one ? [one] : []))))
})

test('with room for fewer, equal words are kept in all materials or in none', () => {
  const materials = ['a', 'b', 'c'].map((id) => materialOf([numbers(0, 2_000)], inText, { id }))
  const sample = shinglesOf(unitsOf(materials), 500)
  expect(sample.length).toBeGreaterThan(100)
  expect(sample.length).toBeLessThanOrEqual(500)
  const times = Map.groupBy(hashes(sample), (hash) => hash)
  expect([...new Set([...times.values()].map((same) => same.length))]).toEqual([3])
})
