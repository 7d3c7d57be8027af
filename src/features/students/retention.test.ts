import { dirname } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { type CommandLine, commandLine } from '#test/command-line.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { keptFiles } from '#test/kept-files.ts'
import { type Attempt, school, writeAttempts } from './fixtures/school.ts'
import { studentsWork } from './index.ts'

let app: TestApp
let cli: CommandLine

beforeAll(async () => {
  app = await startApp()
  cli = commandLine({ DATABASE_URL: app.database.urls.app, DATA_DIR: dirname(app.objectsFolder) })
})
afterAll(() => app.close())

const DAY = 86_400_000
const daysAgo = (days: number) => new Date(Date.now() - days * DAY)
const work = () => studentsWork(app.services).deleteOldSubmissions(new AbortController().signal)

async function schoolOf(tenant: string) {
  const client = await app.as(tenant)
  const made = await school(client, [2])
  const place = { tenantId: client.tenantId, courseId: made.courseId, lessonId: made.lessons[0]?.id ?? '' }
  const [exercise = '', other = ''] = made.lessons[0]?.exercises ?? []
  const attempt = (fields: Partial<Attempt> & Record<string, unknown>) => ({
    ...{ student: 'їжак', exercise, attempt: 1, status: 'done', score: 100, passed: true, at: new Date() },
    ...fields,
  })
  return { client, made, place, exercise, other, attempt }
}

const left = async ({ courseId }: { courseId: string }) =>
  (
    await queryAsSuperuser<{ id: string }>(
      app.database,
      'SELECT id FROM submissions WHERE course_id = $1 ORDER BY id',
      [courseId],
    )
  ).map(({ id }) => id)

test('submissions go when their time is over, with their files, and their tenant says when', async () => {
  const ours = await schoolOf('Академія')
  const theirs = await schoolOf('Суперник')
  expect(await cli.json('tenant', 'retention', '--name', 'Суперник', '--submissions-days', '30')).toMatchObject({
    submissions_days: 30,
    previous_submissions_days: 365,
  })
  const object_key = `${ours.place.tenantId}/${ours.place.courseId}/${newId()}`
  const bytes = (async function* () {
    yield Buffer.from('текст')
  })()
  await app.services.objects.put(object_key, bytes, { maxBytes: 100 })
  const file = { object_key, filename: 'а.txt', size_bytes: 10, sha256: '0'.repeat(64) }
  const [, young, , pending] = await writeAttempts(app.database, ours.place, [
    ours.attempt({ at: daysAgo(366), ...file }),
    ours.attempt({ at: daysAgo(364), attempt: 2 }),
    ours.attempt({ at: daysAgo(400), student: 'давня' }),
    ours.attempt({ at: daysAgo(1), student: 'нова', status: 'queued', score: null }),
  ])
  const [kept] = await writeAttempts(app.database, theirs.place, [
    theirs.attempt({ at: daysAgo(29) }),
    theirs.attempt({ at: daysAgo(31), attempt: 2 }),
  ])
  expect(await work()).toBe(3)
  expect(await left(ours.place)).toEqual([young, pending].sort())
  expect(await left(theirs.place)).toEqual([kept])
  expect(await keptFiles(app)).not.toContain(object_key)
  // Numbers go on where something is left, and nobody is remembered of whom nothing is.
  const counters = await queryAsSuperuser(
    app.database,
    'SELECT student_id, attempts FROM attempt_counters WHERE tenant_id = $1 ORDER BY 1',
    [ours.place.tenantId],
  )
  expect(counters).toEqual([
    { student_id: 'нова', attempts: 1 },
    { student_id: 'їжак', attempts: 2 },
  ])
  expect((await ours.client.get(`/students/${encodeURIComponent('давня')}/progress`)).status).toBe(404)
  expect((await ours.client.get(`/students/${encodeURIComponent('їжак')}/progress`)).status).toBe(200)
  expect(await work()).toBe(0)
})

test('any number go, and none when it is told to stop', async () => {
  const { place, attempt } = await schoolOf('Давня школа')
  const history = Array.from({ length: 1_001 }, (_, index) => attempt({ at: daysAgo(400), attempt: index + 1 }))
  await writeAttempts(app.database, place, history)
  expect(await studentsWork(app.services).deleteOldSubmissions(AbortSignal.abort())).toBe(0)
  expect(await work()).toBe(1_001)
})

test('an operator sees and sets it', async () => {
  const { client } = await schoolOf('Ліцей')
  const named = ['tenant', 'retention', '--name', 'Ліцей'] as const
  expect((await cli.run(...named)).out).toBe('Submissions of Ліцей are kept for 365 days.\n')
  expect((await cli.run(...named, '--submissions-days', '90')).out).toBe(
    'Submissions of Ліцей are kept for 365 → 90 days.\n',
  )
  expect(await cli.json(...named)).toEqual({
    ...{ id: client.tenantId, name: 'Ліцей', submissions_days: 90, previous_submissions_days: 90 },
  })
  const listed: { name: string; submissions_days: number }[] = await cli.json('tenant', 'list')
  expect(listed.find(({ name }) => name === 'Ліцей')?.submissions_days).toBe(90)
  expect((await cli.run('tenant', 'list')).out).toMatch(/KEPT[\s\S]*Ліцей .* 90 days/)
  const { place, attempt } = await schoolOf('Ліцей')
  await writeAttempts(app.database, place, [
    attempt({ at: daysAgo(40) }),
    attempt({ at: daysAgo(60), attempt: 2 }),
    attempt({ at: daysAgo(10), attempt: 3 }),
  ])
  const refused = await cli.run(...named, '--submissions-days', '30')
  expect(refused).toEqual({
    code: 1,
    out: '',
    err: expect.stringMatching(/^course-supporter: .*2 submissions.*--yes.*\n$/),
  })
  expect((await cli.json(...named)).submissions_days).toBe(90)
  expect((await cli.run(...named, '--submissions-days', '50', '--yes')).out).toContain('90 → 50 days')
  expect((await cli.run(...named, '--submissions-days', '365')).out).toContain('50 → 365 days')
  for (const days of ['0', '36501', '1.5', '-1', 'рік'])
    expect((await cli.run(...named, '--submissions-days', days)).code).toBe(2)
  expect((await cli.run('tenant', 'retention', '--name', 'Нема')).code).toBe(1)
})
