import { newId } from '#platform/ids/index.ts'
import { build } from './build.ts'
import type { Client } from './client.ts'
import { idOf, tus } from './tus.ts'

/** Ids of what one tenant has, by the names that the routes' parameters have. */
export type Ids = Record<string, string>

/** One of everything that the API can make for a tenant. Needs a running worker. */
export async function makeWorld(client: Client): Promise<Ids> {
  const { id: courseId } = await build.course(client, { external_id: 'lms-1', description: 'Перші кроки' })
  const { id: materialId } = await build.readMaterial(client, courseId)
  const directUploadId = await beginDirectUpload(client, courseId)
  const mappings = [{ slide_number: 1, video_timecode: '00:15' }]
  await expectOk(client.post(`/courses/${courseId}/slide-mapping`, { mappings }, { 'idempotency-key': 'mapping-1' }))
  const { job_id: jobId } = await expectOk(client.post(`/courses/${courseId}/structure`))
  await build.endedJob(client, jobId)
  const exercise = { kind: 'open', description: 'Що таке змінна?', reference_solution: 'Імʼя для значення.' }
  const options = [
    { id: 'a', text: 'int' },
    { id: 'b', text: 'float' },
  ]
  const choice = { kind: 'choice', description: 'Який тип має 1.5?', options, answer_key: ['b'] }
  const source = { material_id: materialId, locator: { heading: ['Вступ'], paragraph: 1 } }
  const concept = { title: 'Змінна', definition: 'Змінна — це імʼя.', sources: [source] }
  const lesson = { title: 'Змінні', concepts: [concept], exercises: [exercise, choice] }
  const { modules } = await expectOk(
    client.put(`/courses/${courseId}/structure`, { modules: [{ title: 'Основи', lessons: [lesson] }] }),
  )
  const [made] = modules[0].lessons
  await expectOk(client.put('/webhook', { url: 'https://lms.example/hook', events: ['material.error'] }))
  await expectOk(client.post('/webhook/test'))
  // Each tenant's own, so that another's is unknown.
  const studentId = `student-17-${courseId}@school.example`
  const homework = { student_id: studentId, exercise_id: made.exercises[1].id, answer: ['b'] }
  const { submission_id: submissionId } = await expectOk(client.post(`/courses/${courseId}/check-homework`, homework))
  await expectOk(client.post(`/courses/${courseId}/check-homework`, { ...homework, student_id: 'forgotten' }))
  await expectOk(client.delete('/students/forgotten'))
  return {
    courseId,
    materialId,
    directUploadId,
    jobId,
    lessonId: made.id,
    exerciseId: made.exercises[0].id,
    uploadId: idOf(await tus.begin(client, courseId)),
    submissionId,
    studentId,
  }
}

/** Ids of the same kinds that nobody has. */
export function neverMade(ids: Ids): Ids {
  return Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, isUuid(id) ? newId() : `${id}-unknown`]))
}

async function beginDirectUpload(client: Client, courseId: string): Promise<string> {
  const file = { source_type: 'video', filename: 'лекція.mp4', content_type: 'video/mp4', size_bytes: 9 }
  const { status, body } = await client.post(`/courses/${courseId}/materials/direct`, file)
  // Without a bucket there are none.
  return status === 501 ? newId() : body.upload_id
}

const isUuid = (text: string) => /^[0-9a-f-]{36}$/.test(text)

async function expectOk(asking: ReturnType<Client['get']>) {
  const { status, body } = await asking
  if (status >= 300) throw new Error(`The world could not be made: ${status} ${JSON.stringify(body)}`)
  return body
}
