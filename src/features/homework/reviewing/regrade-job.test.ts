import { afterAll, beforeAll, expect, test } from 'vitest'
import { findShownExercise } from '#features/structure/index.ts'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import type { Client } from '#test/client.ts'
import type { CheckOne } from '../checking/check-one.ts'
import { homeworkCourse, OPEN } from '../fixtures/homework-course.ts'
import { judgedOf, measureOf } from '../judged-exercise.ts'
import { regradeHandler } from './regrade-job.ts'

// The job alone, with a checker in our hands: what becomes of one that is killed half-way.

let app: TestApp
let author: Client & { tenantId: string }

beforeAll(async () => {
  app = await startApp()
  author = await app.as('Академія')
})
afterAll(() => app.close())

const choice = {
  kind: 'choice',
  description: 'Що?',
  answer_key: ['a'],
  options: ['a', 'b'].map((id) => ({ id, text: id })),
}

/** Ten answers to an exercise that is an open one by now. */
async function begin() {
  const course = await homeworkCourse(author, [{ ...OPEN, kind: 'short_text', answer_key: ['так'], criteria: [] }])
  const [exercise_id] = course.exercises
  for (let n = 0; n < 10; n += 1)
    await author.post(`/courses/${course.id}/check-homework`, {
      student_id: `учень-${n}`,
      exercise_id,
      answer: `ні ${n}`,
    })
  await author.patch(`/exercises/${exercise_id}`, { ...OPEN, answer_key: null })
  return { courseId: course.id, payload: { exerciseId: exercise_id ?? '', until: newId() } }
}

const checked = (submission: Parameters<CheckOne>[0]['submission']): Awaited<ReturnType<CheckOne>> => ({
  ...{
    ending: { status: 'needs_review', result: null, reasons: [] },
    verdicts: [],
    kind: 'llm',
    exercise: submission.exercise,
  },
  ...{ questions: [], replies: [], by: null },
})

test('it goes on where it was, and counts what was done before', async () => {
  const { courseId, payload } = await begin()
  const { db } = app.services
  const shown = await db.forTenant(author.tenantId, (tx) => findShownExercise(tx, courseId, payload.exerciseId))
  if (shown === undefined) throw new Error('The exercise is gone.')
  const measure = measureOf(judgedOf(shown.exercise))
  const seen: string[] = []
  const reported: number[] = []
  const kill = new AbortController()
  const handler = regradeHandler({
    db,
    ledgers: { settleLost: async () => 0 },
    checkOne: async ({ submission, signal }) => {
      if (seen.length === 6) kill.abort(new Error('killed'))
      signal.throwIfAborted()
      seen.push(submission.id)
      return checked(submission)
    },
  })
  const job = { id: newId(), tenantId: author.tenantId, courseId, payload: { ...payload, measure } }
  const run = (signal: AbortSignal) =>
    handler.run({ ...job, attempt: 1, signal, progress: (fraction) => void reported.push(fraction) })

  await expect(run(kill.signal)).rejects.toThrow('killed')
  expect(seen).toHaveLength(6)
  expect(await run(new AbortController().signal)).toEqual({ regraded: 10, unchanged: 0, reviewed_kept: 0, failed: 0 })
  // What was judged but not yet written down when it was killed is judged again, and no more than that.
  expect(new Set(seen).size).toBe(10)
  expect(seen.length).toBeLessThanOrEqual(13)
  expect(reported.at(-1)).toBe(1)
  expect(await run(new AbortController().signal)).toEqual({ regraded: 10, unchanged: 0, reviewed_kept: 0, failed: 0 })
})

test('a course that is gone ends it quietly', async () => {
  const course = await homeworkCourse(author, [choice])
  await author.delete(`/courses/${course.id}`)
  const { db } = app.services
  const handler = regradeHandler({ db, ledgers: { settleLost: async () => 0 }, checkOne: async () => Promise.reject() })
  const payload = { exerciseId: course.exercises[0], measure: '', until: newId() }
  const job = {
    id: newId(),
    tenantId: author.tenantId,
    attempt: 1,
    signal: AbortSignal.timeout(5_000),
    progress: () => undefined,
  }
  expect(await handler.run({ ...job, courseId: null, payload })).toEqual({ skipped: true })
})
