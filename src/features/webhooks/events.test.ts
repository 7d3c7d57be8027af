import { afterAll, beforeAll, expect, test } from 'vitest'
import { defineJob } from '#platform/queue/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { type Receiver, startReceiver } from '#test/webhook-receiver.ts'

// What happens in the other features, told to a receiver by a running worker.

let app: TestApp
let receiver: Receiver
let acme: Awaited<ReturnType<TestApp['as']>>
let secret: string

beforeAll(async () => {
  receiver = await startReceiver()
  app = await startApp({ worker: true, poster: receiver.poster })
  acme = await app.as('Академія')
  const ofPrep = ['material.done', 'material.error', 'structure.done', 'structure.error']
  const events = [...ofPrep, 'submission.done', 'submission.needs_review', 'submission.rejected']
  secret = (await acme.put('/webhook', { url: receiver.at('/hook'), events })).body.secret
})
afterAll(async () => {
  await app.close()
  receiver.close()
})

// As an order whose materials were deleted meanwhile.
const generating = defineJob<object>({ kind: 'generate_structure', priority: 15 })

/** The message about this that came, or will. */
async function told(type: string, about: Record<string, unknown>) {
  const isIt = ({ json }: Receiver['received'][number]) =>
    json.type === type && Object.entries(about).every(([name, value]) => json.data[name] === value)
  const message = await until(
    async () => receiver.received.find(isIt),
    (found) => found !== undefined,
  )
  if (message === undefined) throw new Error(`Nobody was told of ${type}`)
  expect(receiver.isSigned(message, secret)).toBe(true)
  return message.json.data
}

test('a material that was read, and one that cannot be', async () => {
  const { id: course_id } = await build.course(acme)
  const good = await build.material(acme, course_id, { filename: 'Їжак і цикли.md' })
  const about = { course_id, external_id: null, source_url: null }
  expect(await told('material.done', { material_id: good.id })).toEqual({
    ...{ ...about, material_id: good.id, source_type: 'text', filename: 'Їжак і цикли.md' },
    ...{ status: 'done', chunks: 2, error: null },
  })
  const bad = await build.material(acme, course_id, { filename: 'ґанок.docx', text: 'not a document' })
  const { error } = await build.read(acme, bad.id)
  expect(error).not.toBeNull()
  expect(await told('material.error', { material_id: bad.id })).toEqual({
    ...{ ...about, material_id: bad.id, source_type: 'text', filename: 'ґанок.docx', status: 'error', error },
  })
})

test('a structure that was made, and one that could not be', async () => {
  const { id: course_id } = await build.course(acme)
  await build.readMaterial(acme, course_id)
  const order = await acme.post(`/courses/${course_id}/structure`)
  const { result } = await build.endedJob(acme, order.body.job_id)
  expect(await told('structure.done', { job_id: order.body.job_id })).toEqual({
    ...{ course_id, job_id: order.body.job_id },
    ...result,
  })
  const { id: empty } = await build.course(acme)
  const { db, queue } = app.services
  const payload = { courseId: empty, strategy: 'default', replaceAuthor: false }
  const { id: job_id } = await db.forTenant(acme.tenantId, (tx) =>
    queue.add(tx, generating, { tenantId: acme.tenantId, courseId: empty, payload }),
  )
  const { error } = await build.endedJob(acme, job_id)
  expect(error).not.toBeNull()
  expect(await told('structure.error', { job_id })).toEqual({ course_id: empty, job_id, error })
})

test('a submission that its key has graded', async () => {
  const { id: courseId } = await build.course(acme)
  const exercise = {
    ...{ kind: 'number', description: 'Скільки буде 6 × 7?' },
    answer_key: { value: 42, tolerance: 0 },
  }
  const lesson = { title: 'Множення', concepts: [], exercises: [exercise] }
  const tree = { modules: [{ title: 'Арифметика', lessons: [lesson] }] }
  const { status, body } = await acme.put(`/courses/${courseId}/structure`, tree)
  expect([status, body]).toEqual([200, expect.anything()])
  const made = body.modules[0].lessons[0]
  const handIn = { student_id: 'оля@school.example', exercise_id: made.exercises[0].id, answer: 42 }
  const accepted = await acme.post(`/courses/${courseId}/check-homework`, handIn)
  expect([accepted.status, accepted.body]).toEqual([202, expect.anything()])
  expect(await told('submission.done', { submission_id: accepted.body.submission_id })).toEqual({
    ...{ submission_id: accepted.body.submission_id, course_id: courseId, lesson_id: made.id },
    ...{ exercise_id: made.exercises[0].id, student_id: 'оля@school.example', attempt: 1, status: 'done' },
    ...{ score: 100, passed: true, verdict: 'correct', error: null },
  })
  const rows = await app.services.db.forTenant(acme.tenantId, (tx) =>
    tx.selectFrom('webhook_deliveries').select('student_id').where('event', '=', 'submission.done').execute(),
  )
  expect(rows).toEqual([{ student_id: 'оля@school.example' }])
  // The same answer again is the earlier submission: nothing has become true.
  await acme.post(`/courses/${courseId}/check-homework`, handIn)
  const { items } = (await acme.get('/webhook/deliveries')).body
  expect(items.filter(({ event }: { event: string }) => event === 'submission.done')).toHaveLength(1)
})
