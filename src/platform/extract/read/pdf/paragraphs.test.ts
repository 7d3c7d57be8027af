import { expect, test } from 'vitest'
import type { Line } from './lines.ts'
import { bodySizeOf, piecesOfLines } from './paragraphs.ts'
import { createLineJoiner } from './words.ts'

/** Lines of ten-point type below each other, five points a character. */
function lines(texts: string[], { x = 0, y = 0, size = 10 } = {}): Line[] {
  return texts.map((text, index) => {
    const part = { text, x, right: x + text.length * 5 }
    return { ...part, y: y + index * 12, size, parts: [part] }
  })
}

function pieces(...groups: Line[][]) {
  const all = groups.flat()
  return piecesOfLines(all, { bodySize: bodySizeOf(all), join: createLineJoiner(all) })
}

const FULL = 'Довгий рядок, що заповнює всю колонку й не вміщується в неї'

test('an item goes on in the lines that are indented below it', () => {
  expect(pieces(lines(['• перший пункт', `\uf0b7 ${FULL}`]), lines(['теж другий'], { x: 10, y: 24 }))).toEqual([
    { kind: 'list', text: `- перший пункт\n- ${FULL} теж другий` },
  ])
})

test('a paragraph ends where the next word would have had room', () => {
  const [first, second] = pieces(lines([FULL, 'і закінчується тут.', FULL, FULL]))
  expect([first?.text, second?.text]).toEqual([`${FULL} і закінчується тут.`, `${FULL} ${FULL}`])
})

test('a paragraph starts with an indented line, and not in the middle of a sentence', () => {
  expect(pieces(lines([`${FULL}.`]), lines([FULL], { x: 15, y: 12 })).length).toBe(2)
  expect(pieces(lines([FULL]), lines([FULL], { x: 15, y: 12 })).length).toBe(1)
})

test('a sentence that goes on in the next column', () => {
  expect(pieces(lines([FULL, FULL]), lines(['ще слово.'], { x: 400 })).length).toBe(1)
  expect(pieces(lines([FULL, `${FULL}.`]), lines(['Інше.'], { x: 400 })).length).toBe(2)
})

test('short lines stay lines', () => {
  expect(pieces(lines([FULL, `${FULL}.`]), lines(['let x = 1', 'let y = 2', 'print(x)'], { y: 60 })).at(-1)).toEqual({
    kind: 'paragraph',
    text: 'let x = 1\nlet y = 2\nprint(x)',
  })
})

test('lines in the middle of a page are one paragraph whatever their length', () => {
  const short = lines(['Коротший рядок посередині, що там.'], { y: 12, x: 64 })
  expect(pieces(lines([`${FULL}.`]), short).length).toBe(1)
})

test('a row of nothing but signs is no row', () => {
  expect(pieces(lines([FULL, `${FULL}.`]), lines(['let x', '\ue000', 'let y'], { y: 60 })).at(-1)?.text).toBe(
    'let x\nlet y',
  )
})

test('a table of contents, without its dots', () => {
  expect(pieces(lines([`1 Вступ ${'. '.repeat(20)}5`, '1.1 Мова . . . . . . 12', FULL]))[0]).toEqual({
    kind: 'paragraph',
    text: '1 Вступ 5\n1.1 Мова 12',
  })
})

test('headings are larger than most text, short, and made of words', () => {
  const text = lines(Array(20).fill(FULL), { y: 100 })
  const kinds = (title: string[]) => pieces(lines(title, { size: 12 }), text).map(({ kind }) => kind)[0]
  expect(kinds(['Вступ до мови', 'у двох рядках'])).toBe('heading')
  expect(kinds(['1. Вступ'])).toBe('heading')
  expect(kinds(['2024'])).toBe('paragraph')
  expect(kinds([FULL.repeat(4)])).toBe('paragraph')
})

test('words are joined over line ends, capitals too, and keep a hyphen that is their own', () => {
  const joined = (...texts: string[]) => createLineJoiner(lines([...texts, 'пів-Європи']))(lines(texts))
  expect(joined('комп’ю-', 'тер')).toBe('комп’ютер')
  expect(joined('м\u00adо\u00ad', 'ва')).toBe('м\u00adова')
  expect(joined('ПЕВНО-', 'МУ')).toBe('ПЕВНОМУ')
  expect(joined('PDF-', 'файл')).toBe('PDF-файл')
  expect(joined('пів-', 'Європи')).toBe('пів-Європи')
  expect(joined('по-', 'українськи, по-українськи')).toBe('по-українськи, по-українськи')
  expect(joined('1990-', 'ті')).toBe('1990-ті')
})
