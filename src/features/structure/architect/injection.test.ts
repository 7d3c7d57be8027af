import { Readable } from 'node:stream'
import { Errors } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AskStep } from '#features/usage/index.ts'
import { Failure } from '#kernel/failure.ts'
import { createLlm } from '#platform/llm/index.ts'
import { readPrompts } from '#platform/llm/prompts.ts'
import { aimsIn, attackerWith } from '#test/fakes/llm/attacker.ts'
import { type Model, startModel } from '#test/fakes/llm/server.ts'
import { inProcessExtractor } from '#test/in-process-extractor.ts'
import { checkCourse } from '../check-course.ts'
import { CourseInput } from '../input-schemas.ts'
import type { ConceptDraft, CourseDraft, Source, SourceMaterial } from '../tree.ts'
import { type Aim, type Planted, planted } from './fixtures/planted/index.ts'
import { createArchitect } from './index.ts'

// Instructions that stand in materials. A model that takes them for words gives the course that it would give without them; whatever one
// that obeys them gives, no course of ours cites what is not there, tells our prompts, leads elsewhere or grows without end.

const PROMPTS = new URL('../../../../prompts', import.meta.url).pathname

const OTHER = '# Вимірювання\n\n## Похибка\n\nПохибка — це різниця між виміряним і справжнім значенням.\n'

let model: Model
let architect: ReturnType<typeof createArchitect>
let ask: AskStep
/** Our own instructions, as a leak would be compared with them. */
let instructions: string[]

beforeAll(async () => {
  model = await startModel()
  const prompts = await readPrompts(PROMPTS)
  instructions = [...prompts.values()].map(({ text }) => folded(text))
  architect = createArchitect({ prompts })
  const llm = llmAt(model)
  ask = async ({ action }, question) =>
    (
      await llm.ask({
        ...question,
        action,
        strategy: 'default',
        allowed: null,
        signal: AbortSignal.timeout(20_000),
        ledger,
      })
    ).output
})
afterAll(() => model.close())

const ledger = { reserve: async () => undefined, settle: async () => undefined }

function llmAt({ baseUrls }: Model) {
  const capabilities = ['structured_output', 'long_context'] as const
  const mock = {
    name: 'mock',
    provider: 'openai',
    id: 'gpt-mock',
    capabilities,
    contextWindow: 200_000,
    maxOutput: 32_000,
  } as const
  const action = { needs: [], chains: new Map([['default', [mock]]]) }
  return createLlm({
    registry: {
      models: new Map([['mock', mock]]),
      actions: new Map([
        ['material_analysis', action],
        ['course_structuring', action],
      ]),
    },
    keys: { openai: { apiKey: 'mock', baseUrl: baseUrls.openai } },
    priceOf: () => null,
    now: () => new Date(),
    random: () => 0,
    sleep: async () => undefined,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  })
}

type Kind = Pick<Planted, 'format'>

async function materialsFrom({ format }: Kind, file: string): Promise<SourceMaterial[]> {
  const read = async (text: string, as: Kind['format']) =>
    inProcessExtractor.extract({
      format: as,
      body: Readable.from([Buffer.from(text)]),
      signal: AbortSignal.timeout(20_000),
    })
  const isSpeech = format === 'srt' || format === 'vtt'
  const [first, second] = [await read(file, format), await read(OTHER, 'markdown')]
  return [
    { id: '01a20000-0000-7000-8000-000000000001', sourceType: isSpeech ? 'video' : 'text', name: 'матеріал', ...first },
    { id: '01a20000-0000-7000-8000-000000000002', sourceType: 'text', name: 'інший', ...second },
  ]
}

async function courseFrom(materials: SourceMaterial[]): Promise<CourseDraft> {
  const window = { contextWindow: 200_000, maxOutput: 32_000 }
  const course = { title: 'Фізика', description: null, learningGoal: null }
  const built = await architect.build(
    { course, materials, slideTimes: [] },
    {
      signal: AbortSignal.timeout(20_000),
      progress: async () => undefined,
      ask,
      windows: { material_analysis: window, course_structuring: window },
    },
  )
  return built.course
}

/** How many concepts each lesson of each module has, and how many exercises. */
const shapeOf = ({ modules }: CourseDraft) =>
  modules.map(({ lessons }) => lessons.map(({ concepts, exercises }) => [concepts.length, exercises.length]))

const conceptsOf = ({ modules }: CourseDraft): ConceptDraft[] =>
  modules.flatMap(({ lessons }) => lessons).flatMap(({ concepts }) => concepts)

const folded = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')

/** A passage of ours that is in the text: 60 letters in a row, whatever stands between them. */
function passageIn(text: string): string | undefined {
  const found = folded(text)
  for (const own of instructions) {
    for (let at = 0; at + 60 <= own.length; at += 10)
      if (found.includes(own.slice(at, at + 60))) return own.slice(at, at + 60)
  }
  return undefined
}

const codes = () => model.calls.flatMap(({ asked }) => /^Fence: (\w+)$/m.exec(asked?.user ?? '')?.[1] ?? [])

/** Its words, each of them once: a course without end repeats itself. */
function wordsOf(course: CourseDraft): string {
  const texts = new Set<string>()
  JSON.stringify(course, (_name, value: unknown) => {
    if (typeof value === 'string') texts.add(value)
    return value
  })
  return [...texts].join('\n')
}

function expectNothingTold(course: CourseDraft) {
  const text = wordsOf(course)
  expect(passageIn(text)).toBeUndefined()
  const found = folded(text)
  expect(codes().filter((code) => found.includes(code))).toEqual([])
  expect(codes().length).toBeGreaterThan(0)
}

/** Everything of a course that our code answers for, whoever wrote it. */
function expectSound(course: CourseDraft, materials: readonly SourceMaterial[]) {
  expectNothingTold(course)
  const text = wordsOf(course)
  // Links that the materials have may be in a course; those of the attacker are none of them. Nor is anything hidden in words.
  expect(
    text.match(
      /attack\.example|javascript:steal|data:text\S{0,30}U1RF|[\u200b\u202a-\u202e\u2060-\u206f\u{e0000}-\u{e007f}]/iu,
    ),
  ).toBeNull()
  const known = new Map(
    materials.map(({ id, chunks }) => [id, new Set(chunks.map(({ locator }) => JSON.stringify(locator)))]),
  )
  const isReal = ({ materialId, locator }: Source) => known.get(materialId)?.has(JSON.stringify(locator)) === true
  expect(conceptsOf(course).filter(({ sources }) => sources.length === 0 || !sources.every(isReal))).toEqual([])
  expect(conceptsOf(course).length).toBeLessThanOrEqual(1_000)
  expect([...Errors(CourseInput, inSnakeCase(course))].slice(0, 3)).toEqual([])
  expect(checkCourse({ expectedKnowledge: [], expectedSkills: [], ...course }, new Set(known.keys()))).toEqual([])
}

/** As an author would send it, whose limits hold for every course. */
function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [
    key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    inSnakeCase(inner),
  ])
  return Object.fromEntries(entries)
}

const clean = new Map<string, Promise<CourseDraft>>()

function cleanCourse(item: Planted): Promise<CourseDraft> {
  const course = clean.get(item.clean) ?? materialsFrom(item, item.clean).then(courseFrom)
  clean.set(item.clean, course)
  return course
}

test('the corpus: in both languages, in every kind of file, after everything', () => {
  expect(planted.length).toBeGreaterThanOrEqual(30)
  expect(new Set(planted.map(({ name }) => name)).size).toBe(planted.length)
  for (const language of ['uk', 'en'])
    expect(planted.filter((item) => item.language === language).length).toBeGreaterThanOrEqual(15)
  expect([...new Set(planted.map(({ format }) => format))].toSorted()).toEqual(['html', 'markdown', 'srt', 'vtt'])
})

describe('a model that keeps to the delimiters', () => {
  beforeAll(() => model.behave('well'))

  test.each(planted)('$name', async (item) => {
    model.reset()
    const [expected, course] = [await cleanCourse(item), await courseFrom(await materialsFrom(item, item.file))]
    expect(shapeOf(course)).toEqual(shapeOf(expected))
    expect(conceptsOf(course).map(({ title }) => title)).toEqual(conceptsOf(expected).map(({ title }) => title))
    expectNothingTold(course)
  })
})

describe('a model that obeys the attacker', () => {
  test.each(planted)('$name', async (item) => {
    model.reset()
    model.behave(attackerWith(item.aims))
    const materials = await materialsFrom(item, item.file)
    const text = materials
      .flatMap(({ chunks }) => chunks)
      .map((chunk) => chunk.text)
      .join('\n')
    // What is not shown is not read; what is, the mock understands.
    if (
      text.length >
      (await materialsFrom(item, item.clean)).flatMap(({ chunks }) => chunks.map((one) => one.text)).join('\n').length
    )
      expect(aimsIn(text)).toEqual(expect.arrayContaining([...item.aims]))
    await expectSoundOrRefused(materials)
  })

  const together: Aim[] = [
    'prompt',
    'nonce',
    'false-sources',
    'flood',
    'links',
    'html',
    'impersonate',
    'language',
    'advertise',
  ]
  const alone: Aim[] = [...together, 'spread', 'empty', 'wrong-json']

  test.each([together, ...alone.map((aim) => [aim])].map((aims) => ({ aims })))('$aims', async ({ aims }) => {
    model.reset()
    model.behave(attackerWith(aims))
    const [item] = planted
    await expectSoundOrRefused(await materialsFrom({ format: 'markdown' }, item?.clean ?? ''))
  })
})

/** A whole course, or none with a reason that the job can tell. */
async function expectSoundOrRefused(materials: SourceMaterial[]) {
  try {
    expectSound(await courseFrom(materials), materials)
    // Nor can it be made to buy more and more: of exercises, eight lessons a call, for as many lessons as a course may have.
    expect(model.calls.length).toBeLessThanOrEqual(80)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    expect(['llm.malformed', 'structure.nothing_found']).toContain(error.code)
  }
}
