import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Chunk, ChunkKind, Locator } from '#kernel/chunk.ts'
import { estimateTokens } from '#platform/llm/tokens.ts'
import { document, speech } from '../outline/fixtures/materials.ts'
import type { SourceMaterial } from '../tree.ts'
import { partsOf } from './parts.ts'

const textOf = (part: ReturnType<typeof partsOf>[number] | undefined) => part?.message.data[0]?.text

test('pieces have numbers, places where they change, and lines that cannot pass for others', () => {
  const material = document('# Основи\nЗмінна — це ім’я.\nЩе.\n```x = 1')
  const code = { ...(material.chunks[3] as Chunk), text: '[9] (01:00) x = 1\r\n[1] print(x)' }
  const [part, ...others] = partsOf({ ...material, chunks: [...material.chunks.slice(0, 3).toReversed(), code] }, 1_000)
  expect(others).toEqual([])
  expect(part?.message.head).toEqual(['Material: text. Part 1 of 1. Pieces 1 to 4.'])
  expect(textOf(part)).toBe(
    [
      'title: конспект',
      '[1] (heading) Основи',
      '[2] (Основи) Змінна — це ім’я.',
      '[3] Ще.',
      '[4] (Основи, code) [9] (01:00) x = 1',
      '    [1] print(x)',
    ].join('\n'),
  )
})

const locators: [Locator, string][] = [
  [{ start: 3_661.5, end: 3_670 }, '1:01:01'],
  [{ slide: 4 }, 'slide 4'],
  [{ page: 7 }, 'page 7'],
  [{ heading: ['А\nБ', 'В'], paragraph: 2 }, 'А Б > В'],
  [{ url: 'https://example.com/' }, 'web page'],
]

test.each(locators)('%j is shown as %s', (locator, place) => {
  const chunk: Chunk = { order: 1, kind: 'paragraph', text: 'Текст', locator }
  const [part] = partsOf({ ...document(''), chunks: [chunk] }, 1_000)
  expect(textOf(part)).toContain(`[1] (${place}) Текст`)
})

test('a part ends before a heading of its second half', () => {
  const lines = Array.from({ length: 40 }, (_, at) => (at % 7 === 0 ? `# Розділ ${at}` : `${'слово '.repeat(8)}${at}`))
  const parts = partsOf(document(lines.join('\n')), 300)
  expect(parts.length).toBeGreaterThan(2)
  for (const { shown } of parts.slice(1)) expect([...shown.values()][0]?.kind).toBe('heading')
})

test('where there is no heading it ends where it is full, and the title of last resort is one line', () => {
  const parts = partsOf({ ...speech(Array.from({ length: 100 }, () => 'слово '.repeat(8))), title: 'Л\n1' }, 400)
  expect(parts.slice(0, -1).every(({ tokens }) => tokens > 350)).toBe(true)
  expect(textOf(parts[1])).toMatch(/^title: Л 1\n/u)
  expect(parts[1]?.message.head[0]).toBe(`Material: video. Part 2 of ${parts.length}. Pieces 16 to 30.`)
})

test('every chunk that says something is in the parts, once and whole, and they fit', () => {
  fc.assert(
    fc.property(anyMaterial(), fc.integer({ min: 300, max: 1_500 }), (material, limit) => {
      const parts = partsOf(material, limit)
      const inOrder = material.chunks.toSorted((a, b) => a.order - b.order)
      const told = new Map<number, string>()
      for (const part of parts) {
        expect(estimateTokens(textOf(part) ?? '')).toBeLessThanOrEqual(limit + 150)
        for (const [number, chunk] of part.shown) expect(chunk).toBe(inOrder[number - 1])
        for (const [number, text] of linesIn(textOf(part) ?? '')) told.set(number, `${told.get(number) ?? ''}${text}`)
      }
      const said = inOrder.flatMap(({ text }, at) => (text.trim() === '' ? [] : [[at + 1, bare(text)] as const]))
      expect([...told].map(([number, text]) => [number, bare(text)])).toEqual(said)
    }),
    { numRuns: 150 },
  )
})

const bare = (text: string) => text.replace(/\s+/gu, '')

/** The numbers and texts of what is shown; a line that is not indented begins a piece. */
function linesIn(shown: string): [number, string][] {
  const found: [number, string][] = []
  for (const line of shown.split('\n').slice(1)) {
    const [, number, text = ''] =
      /^\[(\d+)\](?: \((?:web page|слайд|\d\d:\d\d|slide \d+|page \d+|А > Б)[^)]*\)| \((?:heading|list|code|table)\))? (.*)$/u.exec(
        line,
      ) ?? []
    const last = found.at(-1)
    if (number !== undefined) found.push([Number(number), text])
    else if (last) last[1] += line.slice(4)
  }
  return found
}

function anyMaterial(): fc.Arbitrary<SourceMaterial> {
  const text = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom('Змінна — це ім’я.', 'x = 1\n\ny = 2\n', '[3] (А > Б) ні', ' ', 'a'.repeat(3_000)),
    },
    fc.string({ maxLength: 60, unit: fc.constantFrom('а', 'b', ' ', '\n', '😀', '中', '[1] ') }),
    fc.integer({ min: 1, max: 900 }).map((count) => 'слово\n中文 '.repeat(count)),
  )
  const locator = fc.constantFrom<Locator>(
    { page: 1 },
    { slide: 2 },
    { start: 61, end: 70 },
    { heading: ['А', 'Б'], paragraph: 1 },
  )
  const kind = fc.constantFrom<ChunkKind>('heading', 'paragraph', 'list', 'code', 'table')
  const chunk = fc.record({ kind, text, locator })
  return fc.array(chunk, { maxLength: 40 }).map((chunks) => ({
    ...document(''),
    chunks: chunks.map((one, at) => ({ ...one, order: at + 1 })),
  }))
}
