import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Chunk, ChunkKind, Locator } from '#kernel/chunk.ts'
import { titleKey } from '../title-key.ts'
import type { CourseDraft, SlideTime, SourceMaterial } from '../tree.ts'
import { bounds } from './bounds.ts'
import { createOutlineEngine } from './index.ts'

describe('an outline of any materials', () => {
  test('cites what exists, in the words that stand there', async () => {
    await always(async (materials, slideTimes) => {
      const places = new Set(
        materials.flatMap(({ id, chunks }) => chunks.flatMap(({ locator }) => placesIn(id, locator))),
      )
      const texts = materials.flatMap(({ chunks }) => chunks.map(({ text }) => text))
      const isSaid = (words: string) => texts.some((text) => text.includes(words))
      for (const concept of conceptsOf(await build(materials, slideTimes))) {
        expect(concept.sources).not.toEqual([])
        for (const { materialId, locator } of concept.sources) {
          for (const place of placesIn(materialId, locator)) expect(places).toContain(place)
        }
        expect(concept.definition).toSatisfy(isSaid)
        for (const example of concept.examples) expect(example).toSatisfy(isSaid)
        for (const { description } of concept.webReferences) expect(description).toSatisfy(isSaid)
      }
    })
  })

  test('is whole and within its bounds', async () => {
    await always(async (materials, slideTimes) => {
      const { modules } = await build(materials, slideTimes)
      const slideNumbers = new Set([
        ...slideTimes.map(({ slideNumber }) => slideNumber),
        ...materials.flatMap(({ chunks }) =>
          chunks.flatMap(({ locator }) => ('slide' in locator ? [locator.slide] : [])),
        ),
      ])
      expectDistinct(modules, bounds.modules)
      for (const { description, lessons } of modules) {
        expect((description ?? '').length).toBeLessThanOrEqual(bounds.description * 2)
        expect(lessons).not.toEqual([])
        expectDistinct(lessons, bounds.lessons)
        for (const lesson of lessons) {
          expect(lesson.concepts).not.toEqual([])
          expectDistinct(lesson.concepts, bounds.concepts)
          const { videoMaterialId: video, videoStartTimecode: start, videoEndTimecode: end, slideRange } = lesson
          expect([start === null, end === null]).toEqual([video === null, video === null])
          for (const code of [start, end, ...lesson.concepts.flatMap(({ timecodes }) => timecodes)]) {
            if (code !== null) expect(code).toMatch(/^(?:[1-9]\d*:)?[0-5]\d:[0-5]\d$/)
          }
          for (const concept of lesson.concepts) {
            expect(concept.definition.length).toBeLessThanOrEqual(bounds.definition)
            expect(concept.sources.length).toBeLessThanOrEqual(bounds.sources)
            expect(concept.examples.length).toBeLessThanOrEqual(bounds.examples)
            for (const number of concept.slideReferences) {
              expect(slideNumbers).toContain(number)
              expect(slideRange?.start).toBeLessThanOrEqual(number)
              expect(slideRange?.end).toBeGreaterThanOrEqual(number)
            }
          }
        }
      }
    })
  })

  test('is the same for the same input, which it leaves as it was', async () => {
    await always(async (materials, slideTimes) => {
      const before = structuredClone(materials)
      const first = await build(materials, slideTimes)
      expect(await build(structuredClone(materials), structuredClone(slideTimes))).toEqual(first)
      expect(materials).toEqual(before)
    })
  })

  test('unites documents by title whatever their order', async () => {
    const documents = fc.array(anyDocument(), { minLength: 1, maxLength: 4 }).map(withIds)
    await fc.assert(
      fc.asyncProperty(documents, fc.nat(), async (materials, turn) => {
        const cut = turn % materials.length
        const turned = [...materials.slice(cut), ...materials.slice(0, cut)].toReversed()
        expect(pathsOf(await build(turned, []))).toEqual(pathsOf(await build(materials, [])))
      }),
    )
  })
})

test('what is too much is left out', async () => {
  const count = 250
  const heading = (text: string, path: string[]): Omit<Chunk, 'order'> => {
    return { kind: 'heading', text, locator: { heading: [...path, text], paragraph: 0 } }
  }
  const names = Array.from({ length: count }, (_, at) => `Назва ${at} ${'довга '.repeat(at === 0 ? 100 : 0)}`)
  const chunks = [
    ...names.map((name) => heading(name, [])),
    ...names.map((name) => heading(name, ['Модуль'])),
    ...names.map((name) => heading(name, ['Модуль', 'Урок'])),
  ]
  const material = {
    id: 'm',
    sourceType: 'text' as const,
    name: 'm',
    title: null,
    chunks: numbered([heading('Модуль', []), ...chunks]),
  }
  const { modules } = await build([material], [])
  expect(modules).toHaveLength(bounds.modules)
  expect(modules[0]?.lessons).toHaveLength(bounds.lessons)
  expect(modules[0]?.lessons.find(({ title }) => title === 'Урок')).toBeUndefined()
  expect(modules[1]?.title.length).toBeLessThanOrEqual(bounds.title)

  const wide = {
    ...material,
    chunks: numbered(
      ['Модуль', 'Урок']
        .map((name, at) => heading(name, ['Модуль'].slice(0, at)))
        .concat(names.map((name) => heading(name, ['Модуль', 'Урок']))),
    ),
  }
  expect(
    conceptsOf(
      await build(
        [{ ...wide, chunks: [...wide.chunks, ...numbered([heading('Другий', [])], wide.chunks.length)] }],
        [],
      ),
    ),
  ).toHaveLength(bounds.concepts + 1)
})

function always(check: (materials: SourceMaterial[], slideTimes: SlideTime[]) => Promise<void>): Promise<void> {
  const materials = fc.array(fc.oneof(anyDocument(), anySpeech(), anyPages()), { maxLength: 4 }).map(withIds)
  return fc.assert(fc.asyncProperty(materials, fc.array(anySlideTime(), { maxLength: 5 }), check))
}

function build(materials: SourceMaterial[], slideTimes: SlideTime[]): Promise<CourseDraft> {
  const context = { signal: new AbortController().signal, progress: async () => {} }
  return createOutlineEngine().build({ materials, slideTimes }, context)
}

function conceptsOf({ modules }: CourseDraft) {
  return modules.flatMap(({ lessons }) => lessons).flatMap(({ concepts }) => concepts)
}

/** What of a locator must be there: several passages in a row are cited as one, from the start of the first to the end of the last. */
function placesIn(materialId: string, locator: Locator): string[] {
  const parts = 'start' in locator ? [{ start: locator.start }, { end: locator.end }] : [locator]
  return parts.map((part) => JSON.stringify([materialId, part]))
}

/** Every module, lesson and concept by the keys of its titles, with its sources. */
function pathsOf({ modules }: CourseDraft): string[] {
  const paths = modules.flatMap((module) =>
    module.lessons.flatMap((lesson) =>
      lesson.concepts.map(({ title, sources }) => {
        const keys = [module.title, lesson.title, title].map(titleKey)
        return JSON.stringify([...keys, sources.map((source) => JSON.stringify(source)).sort()])
      }),
    ),
  )
  return paths.sort()
}

function expectDistinct(items: { title: string }[], max: number): void {
  expect(items.length).toBeLessThanOrEqual(max)
  expect(new Set(items.map(({ title }) => titleKey(title))).size).toBe(items.length)
  for (const { title } of items) {
    expect(title.trim()).not.toBe('')
    expect(title.length).toBeLessThanOrEqual(bounds.title)
  }
}

function numbered(chunks: Omit<Chunk, 'order'>[], from = 0): Chunk[] {
  return chunks.map((chunk, at) => ({ ...chunk, order: from + at + 1 }))
}

function withIds(materials: Omit<SourceMaterial, 'id'>[]): SourceMaterial[] {
  return materials.map((material, at) => ({ ...material, id: `m${at}` }))
}

function anyTitle(): fc.Arbitrary<string> {
  const known = ['Змінні', 'Розділ 2. Змінні', 'ЦИКЛИ', '1.2 Цикли', 'Об’єкти', "Об'єкти", 'Функції', '…', 'C++']
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...known) },
    fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
  )
}

function anyText(): fc.Arbitrary<string> {
  const sentence = fc.constantFrom(
    'Змінна — це ім’я значення.',
    'Цикл (loop) – це повторення, т. д. і под.',
    'A list is an ordered collection.',
    'Наприклад, три яблука.',
    'Наприклад:',
    'Вітаю!',
    'Функцію викликають за ім’ям, а цикл повторює блок.',
    'int — ціле число\n- float — дійсне',
    `Дуже ${'довге '.repeat(200)}речення.`,
    'Emoji 👩‍🏫 — це знак.',
  )
  const known = fc.array(sentence, { minLength: 1, maxLength: 4 }).map((all) => all.join(' '))
  return fc.oneof({ weight: 6, arbitrary: known }, fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }))
}

function material(sourceType: SourceMaterial['sourceType'], chunks: fc.Arbitrary<Omit<Chunk, 'order'>[]>) {
  const name = fc.constantFrom('конспект', 'https://example.com/a', 'Цикли', ' ')
  return fc.record({
    sourceType: fc.constant(sourceType),
    name,
    title: fc.option(anyTitle()),
    chunks: chunks.map((all) => numbered(all)),
  })
}

function anyDocument() {
  const kind = fc.constantFrom<ChunkKind>('heading', 'heading', 'paragraph', 'paragraph', 'list', 'code', 'table')
  const place = fc.record({ path: fc.array(anyTitle(), { maxLength: 4 }), paragraph: fc.nat(5) })
  const chunk = fc
    .tuple(kind, place, anyTitle(), anyText(), fc.nat(9))
    .map(([own, { path, paragraph }, title, text, odd]) => {
      if (odd === 0)
        return { kind: own, text: own === 'heading' ? title : text, locator: { url: 'https://example.com/a' } }
      if (own !== 'heading') return { kind: own, text, locator: { heading: path, paragraph } }
      return { kind: own, text: title, locator: { heading: [...path, title], paragraph: 0 } }
    })
  const chunks = fc.array(chunk, { maxLength: 12 })
  return fc.oneof(material('text', chunks), material('web', chunks))
}

function anySpeech() {
  const chunk = fc.tuple(anyText(), fc.double({ min: 0, max: 90, noNaN: true }))
  const chunks = fc.array(chunk, { maxLength: 12 }).map((all) => {
    let start = 0
    return all.map(([text, seconds]): Omit<Chunk, 'order'> => {
      const locator = { start, end: start + seconds }
      start = locator.end
      return { kind: 'passage', text, locator }
    })
  })
  return material('video', chunks)
}

function anyPages() {
  const unit = fc.constantFrom('page', 'slide')
  const kind = fc.constantFrom<ChunkKind>('heading', 'paragraph', 'list', 'description', 'code')
  const chunk = fc.tuple(kind, anyText(), fc.integer({ min: 1, max: 30 }))
  const chunks = fc.tuple(unit, fc.array(chunk, { maxLength: 12 })).map(([own, all]) =>
    all.map(([kindOf, text, number]): Omit<Chunk, 'order'> => {
      const locator: Locator = own === 'page' ? { page: number } : { slide: number }
      return { kind: kindOf, text, locator }
    }),
  )
  return fc.oneof(material('presentation', chunks), material('text', chunks))
}

function anySlideTime(): fc.Arbitrary<SlideTime> {
  const id = fc.option(fc.constantFrom('m0', 'm1', 'gone'))
  return fc.record({
    slideNumber: fc.integer({ min: 1, max: 40 }),
    seconds: fc.integer({ min: 0, max: 600 }),
    presentationId: id,
    videoId: id,
  })
}
