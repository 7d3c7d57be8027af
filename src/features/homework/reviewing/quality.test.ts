import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import type { Client } from '#test/client.ts'
import { homeworkCourse, OPEN } from '../fixtures/homework-course.ts'

let app: TestApp
let author: Client & { tenantId: string }

beforeAll(async () => {
  app = await startApp()
  author = await app.as('Академія')
})
afterAll(() => app.close())

const choice = (description: string) => ({
  ...{ kind: 'choice', description, answer_key: ['b'] },
  options: ['a', 'b'].map((id) => ({ id, text: id })),
})

async function reviewed(course: { id: string }, exercise: string | undefined, chosen: string, met: boolean | null) {
  const order = { student_id: newId(), exercise_id: exercise, answer: [chosen] }
  const { body } = await author.post(`/courses/${course.id}/check-homework`, order)
  const criteria = met === null ? [] : [{ id: 'answer', met }]
  const { status } = await author.post(`/submissions/${body.submission_id}/review`, {
    reviewer_id: 'викладач',
    criteria,
  })
  expect(status).toBe(200)
  return body.submission_id as string
}

test('each criterion says how often people disagreed, and in which direction', async () => {
  const course = await homeworkCourse(author, [choice('Перше?'), choice('Друге?'), OPEN])
  const [first, second] = course.exercises
  await reviewed(course, first, 'a', true)
  await reviewed(course, first, 'b', false)
  await reviewed(course, first, 'b', true)
  const last = await reviewed(course, first, 'b', null)
  await reviewed(course, second, 'a', false)
  // Only the latest word counts.
  await author.post(`/submissions/${last}/review`, { reviewer_id: 'інший', criteria: [{ id: 'answer', met: false }] })

  const { status, body } = await author.get(`/courses/${course.id}/grading-quality`)
  expect(status).toBe(200)
  const of = new Map(body.items.map((item: { exercise_id: string }) => [item.exercise_id, item]))
  expect(of.size).toBe(2)
  const counts = { id: 'answer', unclear: 0 }
  expect(of.get(first)).toMatchObject({
    reviews: 4,
    criteria: [
      { ...counts, reviewed: 4, disagreed: 3, disagreement_share: 0.75, met_to_not_met: 2, not_met_to_met: 1 },
    ],
  })
  expect(of.get(second)).toMatchObject({
    reviews: 1,
    criteria: [{ ...counts, reviewed: 1, disagreed: 0, disagreement_share: 0, met_to_not_met: 0, not_met_to_met: 0 }],
  })

  const { body: page } = await author.get(`/courses/${course.id}/grading-quality?limit=1`)
  const { body: next } = await author.get(`/courses/${course.id}/grading-quality?limit=1&cursor=${page.next_cursor}`)
  expect([...page.items, ...next.items]).toEqual(body.items)
  expect(next.next_cursor).toBeNull()
})

test('what a model could not decide is no disagreement', async () => {
  const course = await homeworkCourse(author, [choice('Що?')])
  const id = await reviewed(course, course.exercises[0], 'b', true)
  await app.services.db.forTenant(author.tenantId, (tx) =>
    tx
      .insertInto('gradings')
      .columns(['id', 'tenant_id', 'course_id', 'submission_id', 'kind', 'status', 'verdicts'])
      .expression(
        tx
          .selectFrom('submissions')
          .select(({ val }) => [
            val(newId()).as('id'),
            'tenant_id',
            'course_id',
            'id as submission_id',
            val('llm').as('kind'),
            val('needs_review').as('status'),
            val(JSON.stringify([{ id: 'answer', met: 'unclear' }])).as('verdicts'),
          ])
          .where('id', '=', id) as never,
      )
      .execute(),
  )
  const { body } = await author.get(`/courses/${course.id}/grading-quality`)
  expect(body.items[0].criteria).toMatchObject([{ reviewed: 1, unclear: 1, disagreed: 0, disagreement_share: null }])
})

test('a course without reviews has none, and another’s is not found', async () => {
  const course = await homeworkCourse(author, [choice('Що?')])
  const path = `/courses/${course.id}/grading-quality`
  expect((await author.get(path)).body).toEqual({ items: [], next_cursor: null })
  expect((await (await app.as('Суперник')).get(path)).body.code).toBe('course.not_found')
  expect((await (await app.as('Академія', ['prep'])).get(path)).status).toBe(403)
})
