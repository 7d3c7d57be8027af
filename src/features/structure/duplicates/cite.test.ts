import { expect, test } from 'vitest'
import { createOutlineEngine } from '../outline/index.ts'
import type { Source, SourceMaterial } from '../tree.ts'
import { citeTogether } from './cite.ts'
import { findDuplicates } from './find.ts'
import { inSpeech, inText, materialOf, onPage, onSlide, SLIDES } from './fixtures/lecture.ts'
import { taughtOf } from './taught.ts'

const build = async (materials: SourceMaterial[]) => {
  const duplicates = findDuplicates({ materials, slideTimes: [] })
  const context = { signal: AbortSignal.timeout(60_000), progress: async () => {} }
  const draft = await createOutlineEngine().build(taughtOf({ materials, slideTimes: [] }, duplicates), context)
  return citeTogether(draft, materials, duplicates)
}

const course = (sources: Source[]) => ({
  modules: [
    {
      ...{
        title: 'М',
        description: null,
        learningGoal: null,
        expectedKnowledge: [],
        expectedSkills: [],
        difficulty: null,
      },
      lessons: [
        {
          ...{ title: 'У', videoMaterialId: null, videoStartTimecode: null, videoEndTimecode: null },
          ...{ presentationMaterialId: null, slideRange: null, exercises: [] },
          concepts: [
            {
              title: 'П',
              definition: '',
              examples: [],
              timecodes: [],
              slideReferences: [],
              webReferences: [],
              sources,
            },
          ],
        },
      ],
    },
  ],
})

const cited = (sources: Source[], materials: SourceMaterial[]) =>
  citeTogether(course(sources), materials, findDuplicates({ materials, slideTimes: [] })).modules[0]?.lessons[0]
    ?.concepts[0]

test('a lecture given twice is one module, whose concepts cite both', async () => {
  const slides = materialOf(SLIDES, onSlide, { id: 'slides' })
  const pages = materialOf(SLIDES, onPage, { id: 'pages' })
  const { modules } = await build([slides, pages])
  expect(modules).toHaveLength(1)
  const concepts = modules.flatMap(({ lessons }) => lessons).flatMap((lesson) => lesson.concepts)
  expect(concepts).toHaveLength(SLIDES.length)
  for (const [at, { sources }] of concepts.entries()) {
    expect(sources).toContainEqual({ materialId: 'slides', locator: { slide: at + 1 } })
    expect(sources.at(-1)).toEqual({ materialId: 'pages', locator: { page: at + 1 } })
  }
})

test('sentences that follow each other are cited as one, and what is cited already is not cited again', () => {
  const speech = materialOf(SLIDES, inSpeech, { id: 'speech', sourceType: 'video' })
  const page = materialOf([SLIDES.slice(0, 3).join('\n')], onPage, { id: 'page' })
  const own: Source = { materialId: 'page', locator: { page: 1 } }
  expect(cited([own], [speech, page])?.sources).toEqual([own, { materialId: 'speech', locator: { start: 0, end: 29 } }])
  const wider: Source = { materialId: 'speech', locator: { start: 0, end: 40 } }
  expect(cited([own, wider], [speech, page])?.sources).toEqual([own, wider])
  expect(cited([{ materialId: 'speech', locator: { start: 10, end: 29 } }], [speech, page])?.sources.at(-1)).toEqual(
    own,
  )
  expect(cited([{ materialId: 'speech', locator: { start: 30, end: 59 } }], [speech, page])?.sources).toHaveLength(1)
})

test('a web page that says the same is referred to', () => {
  const text = materialOf(SLIDES, inText, { id: 'text', sourceType: 'text' })
  const page = materialOf(SLIDES, inText, {
    id: 'web',
    sourceType: 'web',
    name: 'https://example.com/x',
    title: 'Курс',
  })
  const concept = cited([{ materialId: 'text', locator: inText(1) }], [text, page])
  expect(concept?.sources).toHaveLength(2)
  expect(concept?.webReferences).toEqual([{ url: 'https://example.com/x', title: 'Курс', description: 'Змінні' }])
})

test('sources stay within their number', () => {
  const all = Array.from(
    { length: 300 },
    (_, at) => `Речення номер ${at} про змінну ${at * 7} та про цикл ${at * 11} у програмі`,
  )
  const [text, page] = [materialOf(all, inText, { id: 'text' }), materialOf([all.join('\n')], onPage, { id: 'page' })]
  const own: Source[] = all.slice(0, 199).map((_, at) => ({ materialId: 'text', locator: inText(at) }))
  expect(cited(own, [text, page])?.sources).toEqual([...own, { materialId: 'page', locator: { page: 1 } }])
  const full: Source[] = all.slice(0, 200).map((_, at) => ({ materialId: 'text', locator: inText(at) }))
  expect(cited(full, [text, page])?.sources).toEqual(full)
})
