import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Client } from '#test/client.ts'
import { GOOD, handInAndWait, homeworkCourse, OPEN } from '../fixtures/homework-course.ts'
import { startWithModels } from '../fixtures/with-models.ts'

let world: Awaited<ReturnType<typeof startWithModels>>
let author: Client & { tenantId: string }
let grader: Client
let students = 0

beforeAll(async () => {
  world = await startWithModels()
  author = await world.app.as('Академія')
  grader = await world.app.as('Академія', ['check'])
})
afterAll(() => world.close())

const CHOICE = {
  ...{ kind: 'choice', description: 'Який тип має 1.5?', answer_key: ['b'] },
  options: [
    { id: 'a', text: 'int' },
    { id: 'b', text: 'float' },
  ],
}

/** A course of one exercise, and what can be done with it. */
async function courseOf(exercise: Record<string, unknown>) {
  const { id: courseId, exercises } = await homeworkCourse(author, [exercise])
  const [id = ''] = exercises
  return {
    id,
    courseId,
    handIn: (answer: unknown, student_id = `учень-${++students}@школа.укр`) =>
      handInAndWait(grader, courseId, { student_id, exercise_id: id, answer }),
    async change(fields: object) {
      const { status, body } = await author.patch(`/exercises/${id}`, fields)
      expect([status, body.code]).toEqual([200, undefined])
    },
    start: () => grader.post(`/exercises/${id}/regrade`),
    async regrade() {
      const { status, headers, body } = await grader.post(`/exercises/${id}/regrade`)
      expect([status, headers.get('location')]).toEqual([202, `/api/v1/jobs/${body.job_id}`])
      return build.endedJob(grader, body.job_id)
    },
    see: async (submissionId: string) => (await grader.get(`/submissions/${submissionId}`)).body,
  }
}

const counts = { regraded: 0, unchanged: 0, reviewed_kept: 0, failed: 0 }

describe('a new key', () => {
  test('grades all anew but where a person has spoken, and whoever answers the same again gets that', async () => {
    const exercise = await courseOf(CHOICE)
    const [a, b, reviewed] = [await exercise.handIn(['a']), await exercise.handIn(['b']), await exercise.handIn(['a'])]
    const criteria = [{ id: 'answer', met: false }]
    const { body: word } = await grader.post(`/submissions/${reviewed.id}/review`, {
      reviewer_id: 'викладач',
      criteria,
    })
    await exercise.change({ answer_key: ['a'] })

    const job = await exercise.regrade()
    expect(job).toMatchObject({ status: 'done', progress: 1, result: { ...counts, regraded: 2, reviewed_kept: 1 } })
    expect((await exercise.see(a.id)).result).toMatchObject({ score: 100, graded_by: { kind: 'answer_key' } })
    expect((await exercise.see(b.id)).result.score).toBe(0)
    expect(await exercise.see(reviewed.id)).toEqual(word)
    const kept = await world.gradings(author.tenantId, reviewed.id)
    expect(kept.map(({ kind }) => kind)).toEqual(['answer_key', 'human', 'answer_key'])
    const again = await grader.post(`/courses/${exercise.courseId}/check-homework`, {
      ...{ student_id: a.student_id, exercise_id: exercise.id, answer: ['a'] },
    })
    expect(again.body).toEqual({ submission_id: a.id, status: 'done', duplicate: true })

    expect((await exercise.regrade()).result).toEqual({ ...counts, unchanged: 2, reviewed_kept: 1 })
  })

  test('of another kind leaves what it cannot judge as it was', async () => {
    const exercise = await courseOf(CHOICE)
    const { id, result } = await exercise.handIn(['b'])
    await exercise.change({ kind: 'number', options: [], answer_key: { value: 1.5, tolerance: 0 } })
    expect((await exercise.regrade()).result).toEqual({ ...counts, failed: 1 })
    expect(await exercise.see(id)).toMatchObject({ status: 'done', result })
  })
})

describe('new criteria', () => {
  const [own] = OPEN.criteria
  const fewer = { criteria: [{ ...own, id: 'суть', required: false }] }

  test('are asked about once for each, and a review stays until the next', async () => {
    const exercise = await courseOf(OPEN)
    const [good, reviewed] = [await exercise.handIn(GOOD), await exercise.handIn(GOOD)]
    const no = { reviewer_id: 'викладач', criteria: [{ id: 'зміст', met: false }] }
    const { body: word } = await grader.post(`/submissions/${reviewed.id}/review`, no)
    await exercise.change(fewer)
    const before = world.model.calls.length

    expect((await exercise.regrade()).result).toEqual({ ...counts, regraded: 1, reviewed_kept: 1 })
    expect(world.model.calls.length - before).toBe(2)
    const now = await exercise.see(good.id)
    expect(now.result.criteria.map((one: { id: string }) => one.id)).toEqual(['суть'])
    expect(now.result.graded_by.kind).toBe('llm')
    expect(await exercise.see(reviewed.id)).toEqual(word)
    expect((await exercise.regrade()).result).toEqual({ ...counts, unchanged: 1, reviewed_kept: 1 })
    expect(world.model.calls.length - before).toBe(2)

    // A person who speaks again is asked about the exercise as it is now.
    const yes = { reviewer_id: 'викладач', criteria: [{ id: 'суть', met: true }] }
    const { body } = await grader.post(`/submissions/${reviewed.id}/review`, yes)
    expect(body.result).toMatchObject({ score: 100, criteria: [{ id: 'суть', met: 'met' }] })
  })

  test('come to those, too, that were rejected or ended in an error', async () => {
    const exercise = await courseOf(OPEN)
    const [rejected, failed] = [await exercise.handIn('!!! …'), await exercise.handIn(GOOD)]
    await world.app.services.db.forTenant(author.tenantId, (tx) =>
      tx
        .updateTable('submissions')
        .set({ status: 'error', error_code: 'x', result: null })
        .where('id', '=', failed.id)
        .execute(),
    )
    expect((await exercise.regrade()).result).toEqual({ ...counts, unchanged: 1, regraded: 1 })
    expect((await exercise.see(rejected.id)).status).toBe('rejected')
    expect(await exercise.see(failed.id)).toMatchObject({ status: 'done', error: null })
  })

  test('do not reach an answer whose file is lost, but the others', async () => {
    const exercise = await courseOf(OPEN)
    const [lost, other] = [await exercise.handIn(GOOD), await exercise.handIn(GOOD)]
    const file = {
      answer: null,
      filename: 'a.py',
      object_key: `${author.tenantId}/lost`,
      size_bytes: '1',
      sha256: 'a'.repeat(64),
    }
    await world.app.services.db.forTenant(author.tenantId, (tx) =>
      tx.updateTable('submissions').set(file).where('id', '=', lost.id).execute(),
    )
    await exercise.change(fewer)
    expect((await exercise.regrade()).result).toEqual({ ...counts, regraded: 1, failed: 1 })
    expect(await exercise.see(lost.id)).toEqual({
      ...{ ...lost, answer: null },
      file: { filename: 'a.py', content_type: null, size_bytes: 1, sha256: file.sha256 },
    })
    expect((await exercise.see(other.id)).result.criteria).toHaveLength(1)
  })

  test('that change once more end the job before it writes what is old', async () => {
    const exercise = await courseOf(OPEN)
    const { id, result } = await exercise.handIn(GOOD)
    await exercise.change(fewer)
    const letGo = world.model.hold()
    const calls = world.model.calls.length
    const first = await exercise.start()
    expect((await exercise.start()).body).toEqual(first.body)
    await world.model.called(calls + 1)
    await exercise.change({ pass_score: 10 })
    const second = await exercise.start()
    expect(second.body.job_id).not.toBe(first.body.job_id)
    letGo()
    expect((await build.endedJob(grader, first.body.job_id)).result).toEqual({ ...counts, superseded: true })
    expect((await build.endedJob(grader, second.body.job_id)).result).toEqual({ ...counts, regraded: 1 })
    expect((await exercise.see(id)).result).not.toEqual(result)
  })

  test('without money are no job', async () => {
    const exercise = await courseOf(OPEN)
    await exercise.handIn(GOOD)
    await world.tenants.setBudget('Академія', 0n)
    const { status, body } = await exercise.start()
    await world.tenants.setBudget('Академія', null)
    expect([status, body.code]).toEqual([402, 'budget.exceeded'])
  })
})

test('without a model only what has a key is graded anew', async () => {
  const app = await startApp()
  const client = await app.as('Академія')
  const { exercises } = await homeworkCourse(client, [OPEN, CHOICE])
  const answers = [
    await client.post(`/exercises/${exercises[0]}/regrade`),
    await client.post(`/exercises/${exercises[1]}/regrade`),
  ]
  expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
    [409, 'llm.not_configured'],
    [202, undefined],
  ])
  const jobs = await app.services.db.forTenant(client.tenantId, (tx) => tx.selectFrom('jobs').select('kind').execute())
  expect(jobs).toEqual([{ kind: 'regrade_exercise' }])
  await app.close()
})

test('another’s exercise is none', async () => {
  const exercise = await courseOf(CHOICE)
  const rival = await world.app.as('Суперник')
  for (const id of [exercise.id, newId()])
    expect((await rival.post(`/exercises/${id}/regrade`)).body.code).toBe('exercise.not_found')
  expect((await (await world.app.as('Академія', ['prep'])).post(`/exercises/${exercise.id}/regrade`)).status).toBe(403)
})
