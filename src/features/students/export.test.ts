import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import type { Client } from '#test/client.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { handIn, type School, school, writeAttempts } from './fixtures/school.ts'

let app: TestApp
let client: Client & { tenantId: string }
let grader: Client
let made: School

beforeAll(async () => {
  app = await startApp()
  client = await app.as('Академія')
  grader = await app.as('Академія', ['check'])
  made = await school(client, [1])
})
afterAll(() => app.close())

const student = 'ґанна+їжак@школа.укр'
const exported = (who: Client, of = student) => who.get(`/students/${encodeURIComponent(of)}/export`)
const exercise = () => made.lessons[0]?.exercises[0] ?? ''

test('everything held about a person comes as one JSON, in the order of time', async () => {
  const [first, second] = [
    await handIn(client, made, { student, exercise: exercise(), answer: 5 }),
    await handIn(client, made, { student, exercise: exercise() }),
  ]
  const file = Buffer.from('Привіт, світе! '.repeat(300))
  const objectKey = `${client.tenantId}/${made.courseId}/${newId()}`
  const body = (async function* () {
    for (let at = 0; at < file.length; at += 1_000) yield file.subarray(at, at + 1_000)
  })()
  await app.services.objects.put(objectKey, body, { maxBytes: 1_000_000 })
  await queryAsSuperuser(
    app.database,
    `UPDATE submissions SET object_key = $2, filename = 'відповідь "1".txt', content_type = 'text/plain', size_bytes = 1, sha256 = repeat('0', 64) WHERE id = $1`,
    [first, objectKey],
  )
  await queryAsSuperuser(
    app.database,
    `INSERT INTO gradings (id, tenant_id, course_id, submission_id, kind, status, reviewer_id, comment, questions, replies)
     VALUES ($1, $2, $3, $4, 'human', 'done', 'викладач', 'Так.', '["еталон: чотири"]', '["так, еталон"]')`,
    [newId(), client.tenantId, made.courseId, second],
  )
  await queryAsSuperuser(
    app.database,
    `INSERT INTO webhook_deliveries (id, tenant_id, event, scope, payload, student_id) VALUES ($1, $2, 'submission.done', 'check', '{"a": 1}', $3)`,
    [newId(), client.tenantId, student],
  )
  const answer = await exported(client)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="student.json"')
  expect(answer.body).toEqual({
    student_id: student,
    exported_at: expect.stringMatching(/Z$/),
    submissions: [
      expect.objectContaining({
        ...{ id: first, answer: 5, attempt: 1, status: 'done', review: null, error: null },
        exercise: { kind: 'number', description: expect.any(String) },
        result: expect.objectContaining({ score: 0 }),
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        file: {
          ...{ filename: 'відповідь "1".txt', content_type: 'text/plain', content_base64: file.toString('base64') },
          ...{ size_bytes: file.length, sha256: createHash('sha256').update(file).digest('hex') },
        },
        gradings: [expect.objectContaining({ kind: 'answer_key' })],
      }),
      expect.objectContaining({
        ...{ id: second, answer: 4, attempt: 2, file: null, model_answers: [] },
        gradings: [
          expect.objectContaining({ kind: 'answer_key' }),
          expect.objectContaining({
            ...{ kind: 'human', reviewer_id: 'викладач', comment: 'Так.' },
            ...{ questions: ['еталон: чотири'], replies: ['так, еталон'] },
          }),
        ],
      }),
    ],
    attempts: [{ course_id: made.courseId, exercise_id: exercise(), attempts: 2 }],
    deliveries: [expect.objectContaining({ event: 'submission.done', payload: { a: 1 } })],
  })
  // What a model was asked says the solution, which such a key must not see.
  const { body: seen } = await exported(grader)
  expect(JSON.stringify(seen)).not.toContain('еталон')
  expect(seen.submissions[1].gradings[1]).toMatchObject({ questions: null, replies: null, comment: 'Так.' })
  expect(seen.submissions.map((one: { model_answers: unknown }) => one.model_answers)).toEqual([null, null])
  // A file that is lost holds up nothing.
  await app.services.objects.delete(objectKey)
  expect((await exported(client)).body.submissions[0].file).toMatchObject({ content_base64: null, sha256: null })
})

test('of any number of submissions', async () => {
  const many = 'багато@школа.укр'
  const place = { tenantId: client.tenantId, courseId: made.courseId, lessonId: made.lessons[0]?.id ?? '' }
  const at = new Date('2026-09-01T08:00:00Z')
  const attempts = Array.from({ length: 61 }, (_, index) => ({
    ...{ student: many, exercise: exercise(), attempt: index + 1, status: 'done', score: 1, passed: false, at },
  }))
  const ids = await writeAttempts(app.database, place, attempts)
  const { body } = await exported(grader, many)
  expect(body.submissions.map(({ id }: { id: string }) => id)).toEqual(ids)
})

test('an unknown person has no export', async () => {
  const { status, body } = await exported(grader, 'нікого')
  expect([status, body.code]).toEqual([404, 'student.not_found'])
})
