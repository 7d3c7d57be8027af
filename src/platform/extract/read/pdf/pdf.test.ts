import { expect, test } from 'vitest'
import { column, PAGE, type PdfPage, pdf, pdfOf } from '../../fixtures/pdf.ts'
import { readPdf } from './pdf.ts'

const limits = { maxChunkChars: 8000, maxPages: 20 }

async function read(bytes: Buffer, changes: Partial<typeof limits> = {}) {
  const { title, blocks, pictures } = await readPdf(bytes, { ...limits, ...changes })
  return { title, blocks: [...blocks], pictures }
}

async function textsOf(pages: PdfPage[]) {
  return (await read(pdf(pages))).blocks.map(({ text }) => text)
}

const FULL = 'Рядок, який заповнює всю ширину своєї колонки'

test('headings by size, paragraphs by indentation and gaps, lists, pages counted from 1', async () => {
  const body = [
    ...column([
      'Перший рядок абзацу, другий його ря-',
      'док; науково-технічний і знову науково-',
      'технічний прогрес.',
    ]),
    ...column(['Другий абзац із відступом, довгий.'], { x: 70, y: 136 }),
    ...column(['• один', '• два, що не вміщується', '– три'], { y: 160 }),
    ...column(['1. перше', '2. друге'], { y: 220 }),
  ]
  const pages = [
    { texts: [{ text: 'Розділ 1. Змінні', x: 50, y: 60, size: 18 }, ...body] },
    { texts: column(['Друга сторінка.']) },
  ]
  expect(await read(pdf(pages, { title: 'Основи', compressed: true }))).toEqual({
    title: 'Основи',
    pictures: [],
    blocks: [
      { kind: 'heading', text: 'Розділ 1. Змінні', locator: { page: 1 } },
      {
        kind: 'paragraph',
        text: 'Перший рядок абзацу, другий його рядок; науково-технічний і знову науково-технічний прогрес.',
        locator: { page: 1 },
      },
      { kind: 'paragraph', text: 'Другий абзац із відступом, довгий.', locator: { page: 1 } },
      { kind: 'list', text: '- один\n- два, що не вміщується\n- три\n1. перше\n2. друге', locator: { page: 1 } },
      { kind: 'paragraph', text: 'Друга сторінка.', locator: { page: 2 } },
    ],
  })
})

test('ligatures, soft hyphens, bold type by drawing twice, accents drawn over their letter, spaces that are gaps', async () => {
  const texts = [
    ...column(['of\ufb01ce м\u00adова']),
    ...column(['of\ufb01ce м\u00adова'], { x: 50.4 }),
    { text: 'слово', x: 50, y: 130 },
    { text: 'поруч', x: 79, y: 130 },
    { text: 'Poincar', x: 50, y: 160 },
    { text: '\u00a8', x: 85, y: 160 },
    { text: 'a', x: 85, y: 160 },
  ]
  expect(await textsOf([{ texts }])).toEqual(['office мова', 'слово поруч', 'Poincarä'])
})

test('a title that a program put there gives way to the largest line of the first page', async () => {
  const texts = [{ text: 'Алгебра', x: 50, y: 60, size: 20 }, ...column(['Текст, якого більше, ніж заголовка.'])]
  expect((await read(pdf([{ texts }], { title: 'Microsoft Word - lecture.doc' }))).title).toBe('Алгебра')
  expect((await read(pdf([{ texts: column(['Самий текст.']) }]))).title).toBeNull()
})

test('columns are read one after the other, whichever way they were written', async () => {
  const left = Array.from({ length: 8 }, (_, index) => `Ліворуч рядок номер ${index} цілком`)
  const right = Array.from({ length: 8 }, (_, index) => `Праворуч рядок номер ${index} увесь`)
  const expected = [[...left, ...right].join(' ')]
  const [one, two] = [column(left, { x: 50 }), column(right, { x: 320 })]
  const joined = async (texts: PdfPage['texts'] = []) => [(await textsOf([{ texts }])).join(' ')]
  expect(await joined([...one, ...two])).toEqual(expected)
  expect(await joined(one.flatMap((line, index) => [line, ...two.slice(index, index + 1)]))).toEqual(expected)
  expect(await joined([...one.slice(4), ...two, ...one.slice(0, 4)])).toEqual(expected)
})

test('the rows of a table stay lines', async () => {
  const rows = [
    ['Мова', 'Рік', 'Автор'],
    ['Python', '1991', 'Россум'],
    ['C', '1972', 'Річі'],
  ]
  const texts = rows.flatMap((cells, row) =>
    cells.map((text, cell) => ({ text, x: 50 + cell * 150, y: 100 + row * 14 })),
  )
  expect(await textsOf([{ texts }])).toEqual(['Мова Рік Автор\nPython 1991 Россум\nC 1972 Річі'])
})

test('what repeats at the head and foot of the pages is left out, from four pages on', async () => {
  const page = (number: number): PdfPage => ({
    texts: [
      {
        text: number % 2 ? `Розділ ${number} ${number + 10}` : `${number + 10} Інше про ${'щось'.repeat(number)}`,
        x: 50,
        y: 30,
      },
      ...column([`Зміст: ${'дуже '.repeat(number)}різний.`]),
      { text: `Кафедра, с. ${number}`, x: 250, y: 780, size: 8 },
      { text: `Друк ${number * number} із серії`, x: 50, y: 760, size: 8 },
    ],
  })
  const pages = [1, 2, 3, 4, 5].map(page)
  expect(await textsOf(pages)).toEqual(pages.map((_, index) => `Зміст: ${'дуже '.repeat(index + 1)}різний.`))
  expect((await textsOf(pages.slice(0, 3))).length).toBe(12)
})

test('what is the same on every page is left out, but no page is left empty', async () => {
  const side = { text: 'Кафедра математики', x: 20, y: 400, size: 6 }
  const pages = [1, 2, 3, 4].map((number) => ({
    texts: [side, ...column([`Зміст: ${'дуже '.repeat(number)}різний.`])],
  }))
  expect((await textsOf(pages)).join('')).not.toContain('Кафедра')
  expect(await textsOf(Array(4).fill({ texts: column(['Те саме.'], { y: 400 }) }))).toEqual(Array(4).fill('Те саме.'))
})

test('a page that is turned, and text that is turned on its page', async () => {
  expect(await textsOf([{ rotate: 90, texts: column([FULL, 'і кінець.']) }])).toEqual([`${FULL} і кінець.`])
  expect(await textsOf([{ texts: [{ text: 'Збоку', x: 580, y: 300, turned: true }, ...column([FULL])] }])).toEqual([
    FULL,
    'Збоку',
  ])
})

const whole = { x: 0, y: 0, ...PAGE }
const little = { x: 50, y: 50, width: 60, height: 80 }

test.each<[string, PdfPage, number[]]>([
  ['a scan', { images: [whole] }, [1]],
  ['a slide with a picture', { images: [{ ...little, width: 500, height: 300 }], texts: column([FULL, FULL]) }, [1]],
  ['a page of text over a picture', { images: [whole], texts: column(Array(30).fill(FULL)) }, []],
  ['a page of text with a small picture', { images: [little], texts: column([FULL, FULL]) }, []],
  ['a small picture with its caption', { images: [little], texts: column(['Схема']) }, [1]],
  ['a drawing', { content: '10 10 100 100 re S '.repeat(30) }, [1]],
  ['an empty page', { content: 'q 1 0 0 1 5 5 cm Q 10 10 9 9 re f' }, []],
  ['type that is scaled by its page', { content: 'q 500 0 0 500 0 0 cm q Q 0 0 m 1 1 l S Q' }, []],
  ['many small states', { content: 'q 5 0 0 5 9 9 cm Q '.repeat(200) }, []],
  ['a font without meaning', { texts: [{ text: FULL, x: 9, y: 99, font: 'unmapped' }] }, [1]],
  ['a font for private use', { texts: [{ text: FULL, x: 9, y: 99, font: 'private' }] }, [1]],
])('pictures: %s', async (_, page, pictures) => {
  const { blocks, ...result } = await read(pdf([page]))
  expect(result.pictures).toEqual(pictures)
  expect(blocks.every(({ text }) => /\p{L}/u.test(text) && !/\p{Co}|\p{Cc}/u.test(text.replaceAll('\n', '')))).toBe(
    true,
  )
})

test('a file of another kind is called by its name', async () => {
  const message = expect.stringMatching(/as a PDF document: it seems to be a ZIP/)
  await expect(read(Buffer.from('PK\u0003\u0004'))).rejects.toMatchObject({ code: 'extract.unreadable', message })
})

test('long paragraphs are split', async () => {
  const { blocks } = await read(pdf([{ texts: column(Array(5).fill(`${FULL}.`)) }]), { maxChunkChars: 100 })
  expect(blocks.length).toBe(3)
  expect(blocks.every(({ text }) => text.length <= 100)).toBe(true)
})

test('a file that needs a password', async () => {
  await expect(read(pdf([{}], { encrypted: true }))).rejects.toMatchObject({ code: 'extract.encrypted' })
})

test('more pages than allowed', async () => {
  const page = { texts: column(['Текст']) }
  await expect(read(pdf(Array(21).fill(page)))).rejects.toMatchObject({ code: 'extract.too_large' })
  expect((await read(pdf(Array(20).fill(page)))).blocks.length).toBe(20)
})

const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>'

test.each<[string, Buffer]>([
  ['no PDF', Buffer.from('Це не PDF')],
  ['a tree of pages without an end', pdfOf([CATALOG, '<< /Type /Pages /Count 5 /Kids [2 0 R 2 0 R] >>'])],
  ['nothing but its header', Buffer.from('%PDF-1.7\n')],
  ['dictionaries nested too deep', pdfOf([`${'<< /A '.repeat(200_000)} 1 ${'>> '.repeat(200_000)}`])],
])('unreadable: %s', async (_, bytes) => {
  await expect(read(bytes)).rejects.toMatchObject({ code: 'extract.unreadable' })
})

test('damage ends in a document or a code, wherever it is', async () => {
  const file = pdf([{ texts: column([FULL, FULL]) }, { texts: column(['Кінець']) }], {
    title: 'Курс',
    compressed: true,
  })
  const cut = Array.from({ length: 20 }, (_, index) => file.subarray(0, Math.floor((file.length * index) / 20)))
  const noise = Array.from({ length: 20 }, (_, seed) => Buffer.concat([Buffer.from('%PDF-1.7\n'), bytesOf(seed)]))
  const holed = Array.from({ length: 20 }, (_, seed) => {
    const at = Math.floor((file.length * seed) / 20)
    return Buffer.concat([file.subarray(0, at), bytesOf(seed).subarray(0, 40), file.subarray(at + 40)])
  })
  const endings = await Promise.all([...cut, ...noise, ...holed].map((bytes) => read(bytes).then(() => 'read', codeOf)))
  expect(new Set(endings)).toEqual(new Set(['read', 'extract.unreadable']))
})

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error
}

/** The same bytes for the same seed: https://en.wikipedia.org/wiki/Linear_congruential_generator */
function bytesOf(seed: number): Buffer {
  let state = seed + 1
  const next = () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state >> 16
  }
  return Buffer.from(Array.from({ length: 2000 }, next))
}
