import { expect, test } from 'vitest'
import type { Chunk } from '#kernel/chunk.ts'
import { withDescriptions, wordsOf } from './pages.ts'

const chunk = (order: number, page: number, text: string): Chunk => ({
  order,
  kind: 'paragraph',
  text,
  locator: { page },
})
const CHUNKS = [chunk(1, 1, 'Вступ'), chunk(2, 2, 'Схема'), chunk(3, 2, 'далі'), chunk(4, 4, 'Кінець')]

test('a description follows the words of its page, and all are counted anew', () => {
  const placed = withDescriptions(CHUNKS, [
    { page: 2, text: 'Стрілка веде від А до Б.' },
    { page: 3, text: 'Графік синуса.' },
    { page: 5, text: 'Таблиця.' },
  ])
  expect(placed.map(({ order, kind, text }) => [order, kind, text])).toEqual([
    [1, 'paragraph', 'Вступ'],
    [2, 'paragraph', 'Схема'],
    [3, 'paragraph', 'далі'],
    [4, 'description', 'Стрілка веде від А до Б.'],
    [5, 'description', 'Графік синуса.'],
    [6, 'paragraph', 'Кінець'],
    [7, 'description', 'Таблиця.'],
  ])
  expect(placed[4]?.locator).toEqual({ page: 3 })
})

test('a document of pictures only is their descriptions', () => {
  expect(withDescriptions([], [{ page: 1, text: 'Скан.' }])).toEqual([
    { order: 1, kind: 'description', text: 'Скан.', locator: { page: 1 } },
  ])
})

test('the words of a page are those, and no others', () => {
  expect([wordsOf(CHUNKS, 2), wordsOf(CHUNKS, 3)]).toEqual(['Схема\nдалі', ''])
})
