import { createReadStream, readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import type { AskStep } from '#features/usage/index.ts'
import { secondsOf } from '#kernel/timecode.ts'
import type { DocumentFormat } from '#platform/extract/index.ts'
import { estimateTokens } from '#platform/llm/tokens.ts'
import { wellBehaved } from '#test/fakes/llm/well-behaved.ts'
import { inProcessExtractor } from '#test/in-process-extractor.ts'
import { checkCourse } from '../check-course.ts'
import type { CourseDraft } from '../tree.ts'
import { type Asked, architect, briefOf, WIDE, windowsOf } from './fixtures/scripted.ts'
import type { Brief, Window } from './port.ts'

// The example course, by a model that writes down what is defined in the words of the materials.

let brief: Brief
let course: CourseDraft
let calls: Call[]

type Call = Pick<Asked, 'step'> & { input: number; output: number }

beforeAll(async () => {
  const materials = [
    { id: 'text', sourceType: 'text' as const, name: 'text', ...(await read('text.md', 'markdown')) },
    {
      id: 'page',
      sourceType: 'web' as const,
      name: 'https://example.com/lists',
      ...(await read('web-page.html', 'html')),
    },
    { id: 'lecture', sourceType: 'video' as const, name: 'lecture', ...(await read('lecture.srt', 'srt')) },
  ]
  const { mappings } = JSON.parse(readFileSync(example('slide-mapping.json'), 'utf8'))
  const slideTimes = mappings.map((mapping: { slide_number: number; video_timecode: string }) => ({
    slideNumber: mapping.slide_number,
    seconds: secondsOf(mapping.video_timecode),
    presentationId: null,
    videoId: null,
  }))
  brief = briefOf(materials, slideTimes)
  ;({ course, calls } = await buildIn(WIDE))
})

async function buildIn(window: Window) {
  const made: Call[] = []
  const ask: AskStep = async (step, { system, parts, schema }) => {
    const user = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
    const answer = wellBehaved({ system, user, model: 'mock' })
    const [input, output] = [[system, JSON.stringify(schema), user].join('\n'), JSON.stringify(answer)].map(
      estimateTokens,
    )
    made.push({ step, input: input ?? 0, output: output ?? 0 })
    return answer as never
  }
  const context = {
    signal: AbortSignal.timeout(60_000),
    progress: async () => undefined,
    ask,
    windows: windowsOf(window),
  }
  return { ...(await architect.build(brief, context)), calls: made }
}

const example = (file: string) => new URL(`../../../../examples/python-basics/${file}`, import.meta.url)

const read = (file: string, format: DocumentFormat) =>
  inProcessExtractor.extract({ format, body: createReadStream(example(file)), signal: AbortSignal.timeout(60_000) })

const conceptsOf = ({ modules }: CourseDraft) =>
  modules.flatMap(({ lessons }) => lessons).flatMap((lesson) => lesson.concepts)

test('what is defined is a concept of the course, cited from every material that teaches it', () => {
  expect(checkCourse(course, new Set(['text', 'page', 'lecture']))).toEqual([])
  const variable = conceptsOf(course).find(({ title }) => title === 'Змінна')
  expect(variable).toMatchObject({
    definition: expect.stringMatching(/^Змінна — це ім/u),
    timecodes: ['02:20'],
    slideReferences: [4],
    webReferences: [],
  })
  const assignment = conceptsOf(course).find(({ title }) => title === 'Присвоювання')
  expect(assignment?.examples).toEqual([expect.stringContaining('price = 120\nprice = price + 30')])
  expect(variable?.sources.map(({ materialId }) => materialId)).toEqual(expect.arrayContaining(['text', 'lecture']))
})

test('what the web page teaches refers to it', () => {
  const cited = conceptsOf(course).filter(({ webReferences }) => webReferences.length > 0)
  expect(cited.length).toBeGreaterThan(0)
  for (const { webReferences, sources } of cited) {
    expect(webReferences).toMatchObject([{ url: 'https://example.com/lists', title: brief.materials[1]?.title }])
    expect(sources.map(({ materialId }) => materialId)).toContain('page')
  }
})

test('every timecode is in the minutes of its lesson, and every lesson has exercises', () => {
  const lessons = course.modules.flatMap((module) => module.lessons)
  for (const lesson of lessons) {
    expect([lesson.title, lesson.exercises.length]).not.toEqual([lesson.title, 0])
    for (const { kind, referenceSolution, gradingCriteria, criteria } of lesson.exercises) {
      expect([kind, referenceSolution, gradingCriteria].every((text) => text !== null && text !== '')).toBe(true)
      expect(criteria.length).toBeGreaterThan(0)
    }
  }
  expect(
    lessons.filter((lesson) => lesson.videoStartTimecode !== null && lesson.slideRange !== null).length,
  ).toBeGreaterThan(3)
})

test.each<[string, Window]>([
  ['wide', WIDE],
  ['small', { contextWindow: 8_192, maxOutput: 4_096 }],
])('what it will take is known before, nearly: a %s window', async (_name, window) => {
  const made = window === WIDE ? calls : (await buildIn(window)).calls
  const expected = architect.expectedCalls(brief, windowsOf(window))
  const reading = <T extends { action: string }>(all: T[]) => all.filter(({ action }) => action === 'material_analysis')
  const actual = made.map(({ step, input, output }) => ({ action: step.action, input, output }))
  expect(reading(expected).length).toBe(reading(actual).length)
  const inputs = (all: { input: number }[]) => all.reduce((sum, { input }) => sum + input, 0)
  expect(inputs(reading(expected)) / inputs(reading(actual))).toBeCloseTo(1, 1)
  // How much is written is a guess; that of this model, which writes little, is less than usual.
  expect(inputs(expected) / inputs(actual)).toBeGreaterThan(0.67)
  expect(inputs(expected) / inputs(actual)).toBeLessThan(1.5)
  expect(expected.length / actual.length).toBeGreaterThan(0.5)
  expect(expected.length / actual.length).toBeLessThan(2)
})

test('nothing to read, nothing expected', () => {
  expect(architect.expectedCalls(briefOf([]), windowsOf(WIDE))).toEqual([])
})
