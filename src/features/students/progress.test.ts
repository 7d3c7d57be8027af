import fc from 'fast-check'
import { expect, test } from 'vitest'
import { naiveProgress } from './fixtures/naive.ts'
import type { Attempt } from './fixtures/school.ts'
import { presentProgress } from './present.ts'
import { courseProgress, type Standing } from './progress.ts'

const EXERCISES = ['а', 'б', 'в', 'г', 'ґ', 'д']

const histories = fc
  .array(
    fc.record({
      exercise: fc.constantFrom(...EXERCISES),
      status: fc.constantFrom('queued', 'checking', 'done', 'done', 'done', 'needs_review', 'rejected', 'error'),
      score: fc.option(fc.integer({ min: 0, max: 100 }), { freq: 8 }),
      passed: fc.boolean(),
      minute: fc.integer({ min: 0, max: 10_000 }),
    }),
    { maxLength: 60 },
  )
  .map((drafts) =>
    drafts.map(({ minute, ...draft }, index): Attempt => {
      const attempt = 1 + drafts.slice(0, index).filter(({ exercise }) => exercise === draft.exercise).length
      return { ...draft, student: 'учень', attempt, at: new Date(Date.UTC(2026, 8, 1, 0, minute)) }
    }),
  )

/** Some exercises are shown, in any lessons; some are not. */
const outlines = fc
  .tuple(fc.shuffledSubarray(EXERCISES), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }))
  .map(([shown, sizes]) => {
    const left = [...shown]
    return sizes.map((size, index) => ({ id: `урок ${index}`, title: 'Урок', exercises: left.splice(0, size) }))
  })

test('progress is what a naive look at the history finds', () => {
  fc.assert(
    fc.property(outlines, histories, (lessons, history) => {
      const outline = {
        id: 'курс',
        title: 'Курс',
        lessons: lessons.map(({ id, title, exercises }) => ({ id, title, exerciseIds: exercises })),
      }
      const { courses } = presentProgress('учень', [courseProgress(outline, standingsOf(history))])
      expect(courses[0]).toMatchObject(naiveProgress(lessons, history))
    }),
    { numRuns: 500 },
  )
})

test.each([
  [[100, 100, 99], 99.67],
  [[0, 1, 0, 0, 0, 0, 0, 0], 0.13],
  [[33, 33, 34], 33.33],
  [[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0.06],
  [[100], 100],
])('the average of %j is %d', (scores, average) => {
  const exerciseIds = scores.map((_, index) => `e${index}`)
  const standings = scores.map((score, index) => standing({ exerciseId: `e${index}`, bestScore: score }))
  const outline = { id: 'c', title: 'c', lessons: [{ id: 'l', title: 'l', exerciseIds }] }
  expect(courseProgress(outline, standings).averageBestScore).toBe(average)
})

const standing = (fields: Partial<Standing>): Standing => ({
  ...{ exerciseId: 'а', attempts: 1, bestScore: null, lastScore: null, passed: false, lastActivityAt: new Date(0) },
  ...fields,
})

/** As the database adds them up. */
function standingsOf(history: Attempt[]): Standing[] {
  const standings = new Map<string, Standing>()
  for (const { exercise, status, score, passed, at } of history) {
    const so = standings.get(exercise) ?? standing({ exerciseId: exercise, attempts: 0 })
    const final = status === 'done' && score !== null
    standings.set(exercise, {
      exerciseId: exercise,
      attempts: so.attempts + 1,
      bestScore: final ? Math.max(so.bestScore ?? 0, score) : so.bestScore,
      lastScore: final ? score : so.lastScore,
      passed: so.passed || (final && passed),
      lastActivityAt: at > so.lastActivityAt ? at : so.lastActivityAt,
    })
  }
  return [...standings.values()]
}
