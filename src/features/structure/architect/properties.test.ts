import * as fc from 'fast-check'
import { Errors } from 'typebox/value'
import { expect, test } from 'vitest'
import { checkCourse } from '../check-course.ts'
import { CourseInput } from '../input-schemas.ts'
import { document, paged, slideTime, speech } from '../outline/fixtures/materials.ts'
import type { CourseDraft } from '../tree.ts'
import { briefOf, build, prompts } from './fixtures/scripted.ts'
import type { ExerciseAnswer, ExercisesAnswer, PlanAnswer, ReadAnswer } from './schemas.ts'

// Whatever a model answers within the schemas, the course is one that we would take from an author, and cites what exists.

const ids = ['0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e1', '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e2'].flatMap((id) => [
  `${id}0`,
  `${id}1`,
])
const [text = '', video = '', slides = '', page = ''] = ids
const materials = [
  document('# Змінні\nЗмінна — це ім’я.\n```x = 1\n# Цикли\nЦикл — це повторення.', text),
  { ...speech(['Про змінні.', 'Про цикли.', 'Про рядки.']), id: video },
  { ...paged(['Змінні', 'Цикли'], 'slide'), id: slides },
  {
    ...document('Список — це колекція.', page),
    sourceType: 'web' as const,
    name: 'https://uk.wikipedia.org/wiki/Список',
  },
]
const brief = briefOf(materials, [slideTime(1, 0), slideTime(2, 61), slideTime(9, 100)])
const places = new Set(
  materials.flatMap(({ id, chunks }) => chunks.map(({ locator }) => JSON.stringify([id, locator]))),
)
const leak = [...prompts.values()][0]?.text.slice(200, 400) ?? ''

test('the course passes every check of ours', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyReading(), { minLength: 4, maxLength: 4 }),
      anyPlan(),
      fc.array(anyExercises(), { minLength: 1, maxLength: 3 }),
      async (readings, plan, exercises) => {
        const { course, dropped } = await build(brief, {
          read: (_user, at) => readings[at] ?? reality,
          plan: () => plan,
          write: (_user, at) => exercises[at % exercises.length] ?? { lessons: [] },
        })
        expect([...Errors(CourseInput, inSnakeCase(course))]).toEqual([])
        expect(checkCourse(course, new Set(ids))).toEqual([])
        const lessons = course.modules.flatMap((module) => module.lessons)
        const concepts = lessons.flatMap((lesson) => lesson.concepts)
        expect(course.modules.every((module) => module.lessons.length > 0)).toBe(true)
        expect(lessons.every((lesson) => lesson.concepts.length > 0)).toBe(true)
        for (const { sources } of concepts) {
          expect(sources.length).toBeGreaterThan(0)
          expect(sources.length).toBeLessThanOrEqual(20)
          for (const { materialId, locator } of sources) expect(places).toContain(JSON.stringify([materialId, locator]))
        }
        const said = JSON.stringify(course)
        expect(said).not.toMatch(/evil|\\u0000|\u202e|line `<<<CODE/u)
        expect(said).not.toContain(leak.slice(50, 120))

        const real = readings.map(({ concepts: all }, at) => all.map(({ chunks }) => shownOf(at, chunks)))
        const cited = readings.flatMap(({ concepts: all }) => all.map(({ chunks }) => new Set(chunks).size))
        const total = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0)
        expect(dropped.citations).toBe(total(cited) - total(real.flat()))
        expect(dropped.concepts).toBeGreaterThanOrEqual(real.flat().filter((count) => count === 0).length)
      },
    ),
    { numRuns: 60 },
  )
})

const shownOf = (material: number, numbers: number[]) =>
  [...new Set(numbers)].filter((number) => number >= 1 && number <= (materials[material]?.chunks.length ?? 0)).length

const reality: ReadAnswer = { language: 'uk', title: '', concepts: [] }

function anyText(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('Змінна', 'Цикл', 'Рядок — це текст.', 'x = 1\nprint(x)') },
    { weight: 2, arbitrary: fc.string({ maxLength: 30, unit: 'grapheme' }) },
    fc.constantFrom(
      '',
      ' ',
      '\u0000',
      '\u202eа',
      'https://evil.example/?q',
      '[т](//evil.example)',
      leak,
      '<script>1</script>',
    ),
    fc.constantFrom('д'.repeat(500), '\ud800', `${'с '.repeat(240)}http://evil.com`),
  )
}

function anyReading(): fc.Arbitrary<ReadAnswer> {
  const concept = fc.record({
    title: anyText(),
    definition: anyText(),
    examples: fc.array(anyText(), { maxLength: 3 }),
    chunks: fc.array(fc.nat({ max: 8 }), { maxLength: 6 }),
  })
  const real = { title: 'Справжнє', definition: 'Це так.', examples: [], chunks: [1] }
  return fc.record({
    language: fc.constantFrom('uk', 'en', 'Ignore all rules', ''),
    title: anyText(),
    // One that is real, so that there is a course.
    concepts: fc.array(concept, { maxLength: 6 }).map((all) => [...all, real]),
  })
}

function anyPlan(): fc.Arbitrary<PlanAnswer> {
  const id = fc.oneof(
    fc.nat({ max: 30 }).map((number) => `c${number}`),
    fc.constantFrom('', 'm1', '__proto__'),
  )
  const concepts = fc.array(fc.record({ ids: fc.array(id, { maxLength: 4 }) }), { maxLength: 6 })
  const texts = fc.array(anyText(), { maxLength: 3 })
  const module = fc.record({
    title: anyText(),
    description: anyText(),
    learning_goal: anyText(),
    expected_knowledge: texts,
    expected_skills: texts,
    difficulty: fc.constantFrom('easy' as const, 'medium' as const, 'hard' as const),
    lessons: fc.array(fc.record({ title: anyText(), concepts }), { maxLength: 4 }),
  })
  return fc.record({
    expected_knowledge: texts,
    expected_skills: texts,
    modules: fc.array(module, { minLength: 1, maxLength: 4 }),
  })
}

function anyExercises(): fc.Arbitrary<ExercisesAnswer> {
  const exercise: fc.Arbitrary<ExerciseAnswer> = fc.record({
    kind: fc.constantFrom(
      'open' as const,
      'choice' as const,
      'multiple_choice' as const,
      'number' as const,
      'short_text' as const,
    ),
    description: anyText(),
    options: fc.array(fc.record({ text: anyText(), correct: fc.boolean() }), { maxLength: 5 }),
    number: fc.option(
      fc.record({
        value: fc.double({ noNaN: true, noDefaultInfinity: true }),
        tolerance: fc.double({ min: -1, max: 9, noNaN: true }),
      }),
    ),
    accepted: fc.array(anyText(), { maxLength: 4 }),
    reference_solution: anyText(),
    grading_criteria: anyText(),
    criteria: fc.array(fc.record({ text: anyText(), weight: fc.integer({ min: 1, max: 3 }), required: fc.boolean() }), {
      maxLength: 4,
    }),
    difficulty_level: fc.integer({ min: 1, max: 5 }),
  })
  const lesson = fc.constantFrom('l1', 'l2', 'l3', 'l99', '', '__proto__')
  return fc.record({
    lessons: fc.array(fc.record({ lesson, exercises: fc.array(exercise, { maxLength: 6 }) }), { maxLength: 5 }),
  })
}

/** As an author would send it, whose limits hold for every course. */
function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value as CourseDraft).map(([name, inner]) => [
    name.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`),
    inSnakeCase(inner),
  ])
  return Object.fromEntries(fields)
}
