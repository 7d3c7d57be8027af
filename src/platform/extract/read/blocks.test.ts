import { expect, test } from 'vitest'
import { type Piece, placePieces } from './blocks.ts'

const heading = (level: number, text: string): Piece => ({ kind: 'heading', level, text })
const paragraph = (text: string): Piece => ({ kind: 'paragraph', text })

test('a piece stands under the nearest headings above it, and paragraphs count from 1 under each', () => {
  const pieces = [
    paragraph('Вступ'),
    heading(1, 'Модуль'),
    heading(3, 'Урок'),
    paragraph('а'),
    paragraph('б'),
    heading(2, 'Підсумок'),
    paragraph('в'),
    heading(1, 'Модуль 2'),
    paragraph('г'),
  ]
  expect([...placePieces(pieces, 100)].map(({ text, locator }) => [text, locator])).toEqual([
    ['Вступ', { heading: [], paragraph: 1 }],
    ['Модуль', { heading: ['Модуль'], paragraph: 0 }],
    ['Урок', { heading: ['Модуль', 'Урок'], paragraph: 0 }],
    ['а', { heading: ['Модуль', 'Урок'], paragraph: 1 }],
    ['б', { heading: ['Модуль', 'Урок'], paragraph: 2 }],
    ['Підсумок', { heading: ['Модуль', 'Підсумок'], paragraph: 0 }],
    ['в', { heading: ['Модуль', 'Підсумок'], paragraph: 1 }],
    ['Модуль 2', { heading: ['Модуль 2'], paragraph: 0 }],
    ['г', { heading: ['Модуль 2'], paragraph: 1 }],
  ])
})

test('the parts of a long paragraph share its number', () => {
  const blocks = [...placePieces([paragraph('Перше речення. Друге речення.'), paragraph('Третє.')], 16)]
  expect(blocks.map(({ text, locator }) => [text, locator])).toEqual([
    ['Перше речення.', { heading: [], paragraph: 1 }],
    ['Друге речення.', { heading: [], paragraph: 1 }],
    ['Третє.', { heading: [], paragraph: 2 }],
  ])
})

test('a heading as long as a page is a paragraph: its path would be repeated for all below it', () => {
  const blocks = [...placePieces([heading(1, 'дуже '.repeat(200)), paragraph('далі')], 8000)]
  expect(blocks.map(({ kind, locator }) => [kind, locator])).toEqual([
    ['paragraph', { heading: [], paragraph: 1 }],
    ['paragraph', { heading: [], paragraph: 2 }],
  ])
})

test('empty pieces are not counted', () => {
  expect([...placePieces([heading(1, ''), paragraph(''), paragraph('є')], 100)]).toEqual([
    { kind: 'paragraph', text: 'є', locator: { heading: [], paragraph: 1 } },
  ])
})
