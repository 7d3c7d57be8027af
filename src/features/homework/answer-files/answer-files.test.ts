import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sweep } from '#features/storage/index.ts'
import { newId } from '#platform/ids/index.ts'
import { startApp } from '#test/app.ts'
import type { Answer, Client } from '#test/client.ts'
import { type FormPart, form } from '#test/form.ts'
import { keptFiles } from '#test/kept-files.ts'
import { exchange, head, openWire } from '#test/wire.ts'
import { docx, paragraph } from '../../../platform/extract/fixtures/docx.ts'
import { bomb, stored, zip } from '../../../platform/extract/fixtures/zip.ts'
import { GOOD, homeworkCourse } from '../fixtures/homework-course.ts'
import { startWithModels } from '../fixtures/with-models.ts'

// Answers that are files, from the form to what is graded.

let world: Awaited<ReturnType<typeof startWithModels>>
let author: Client & { tenantId: string }
let grader: Client & { tenantId: string; key: string }
let course: { id: string; exercises: string[] }
let students = 0

beforeAll(async () => {
  world = await startWithModels()
  author = await world.app.as('Академія')
  grader = await world.app.as('Академія', ['check'])
  course = await homeworkCourse(author)
})
afterAll(() => world.close())

const nextStudent = () => `учень-${++students}@школа.укр`
const field = (name: string, content: string): FormPart => ({ name, content })
const file = (content: string | Uint8Array, filename = 'відповідь.txt', type?: string): FormPart => ({
  ...{ name: 'file', filename, content },
  ...(type === undefined ? {} : { type }),
})
const send = (parts: FormPart[], headers: Record<string, string> = {}, of = course, client: Client = grader) => {
  const { body, headers: own } = form(...parts)
  return client.request('POST', `/courses/${of.id}/check-homework`, { body, headers: { ...own, ...headers } })
}
const fields = (student = nextStudent(), of = course) => [
  field('student_id', student),
  field('exercise_id', of.exercises[0] ?? ''),
]

/** Hands a file in and waits for what comes of it. */
async function graded(part: FormPart, more: FormPart[] = []): Promise<Answer['body']> {
  const { status, body } = await send([...fields(), ...more, part], { prefer: 'wait=30' })
  expect([status, body.code]).toEqual([200, undefined])
  return body
}
const textOf = async (id: string) => {
  const { db } = world.app.services
  const rows = await db.forTenant(author.tenantId, (tx) =>
    tx.selectFrom('submissions').select('answer').where('id', '=', id).execute(),
  )
  return rows[0]?.answer
}

const CODE = `# змінна\ndef ціна(price):\n\tprint(price)\n\n${GOOD}\n`

describe('a file', () => {
  test.each<[string, FormPart, string]>([
    ['a program', file(CODE, 'розв’язок.py'), CODE],
    ['a text', file(`\ufeff${GOOD.replaceAll('\n', '\r\n')}`), GOOD],
    [
      'Markdown',
      file(`# Відповідь\n\n${GOOD.replaceAll('\n', '\n\n')}`, 'a.md'),
      `Відповідь\n\n${GOOD.replaceAll('\n', '\n\n')}`,
    ],
    [
      'a Word document',
      file(
        docx(
          GOOD.split('\n')
            .map((line) => paragraph(line))
            .join(''),
        ),
        'a.docx',
      ),
      GOOD.replaceAll('\n', '\n\n'),
    ],
    [
      'an archive',
      file(zip([stored('робота/b.txt', GOOD), stored('робота/a.java', 'class A {}'), stored('a.png', 'x')]), 'a.zip'),
      `--- робота/a.java ---\nclass A {}\n\n--- робота/b.txt ---\n${GOOD}`,
    ],
  ])('that is %s is graded by its text', async (_what, part, text) => {
    const { id, status, result } = await graded(part)
    expect([status, await textOf(id)]).toEqual(['done', text])
    expect(result).toMatchObject({ passed: true, graded_by: { kind: 'llm' } })
  })

  test('may come before the fields that say whose it is', async () => {
    const [student, exercise] = fields() as [FormPart, FormPart]
    const { status, headers, body } = await send([exercise, file(GOOD), field('language', 'uk'), student])
    expect([status, body.duplicate, headers.get('location')]).toEqual([
      202,
      false,
      `/api/v1/submissions/${body.submission_id}`,
    ])
  })

  test('that was handed in before is the earlier submission, and is kept once', async () => {
    const student = nextStudent()
    const before = (await keptFiles(world.app)).length
    const used = async () => (await author.get('/me')).body.quota
    const first = await send([...fields(student), file(CODE, 'a.py')])
    const [kept, one] = [(await keptFiles(world.app)).length, await used()]
    const again = await send([...fields(student), file(CODE, 'інша назва.py')])
    expect(again.body).toMatchObject({ submission_id: first.body.submission_id, duplicate: true })
    expect([kept, (await keptFiles(world.app)).length]).toEqual([before + 1, before + 1])
    expect(await used()).toEqual(one)
  })

  test('twice at once is one attempt and one file', async () => {
    const student = nextStudent()
    const before = (await keptFiles(world.app)).length
    const answers = await Promise.all([1, 2].map(() => send([...fields(student), file(CODE, 'a.py')])))
    expect(answers.map(({ status }) => status)).toEqual([202, 202])
    expect(answers.map(({ body }) => body.duplicate).sort()).toEqual([false, true])
    expect(new Set(answers.map(({ body }) => body.submission_id)).size).toBe(1)
    expect(await keptFiles(world.app)).toHaveLength(before + 1)
  })

  test('with a key for the request is answered once, and no other file with that key', async () => {
    const student = nextStudent()
    const headers = { 'idempotency-key': `file-${newId()}` }
    const first = await send([...fields(student), file(CODE, 'a.py')], headers)
    const again = await send([file(CODE, 'b.py'), ...fields(student)], headers)
    expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([first.body, 'true'])
    const { status, body } = await send([...fields(student), file(GOOD, 'a.py')], headers)
    expect([status, body.code]).toEqual([422, 'idempotency.mismatch'])
  })
})

test('the bytes count, and go with the course', async () => {
  const of = await homeworkCourse(author)
  const stored = async () => (await author.get('/me')).body.quota.storage_bytes_used
  const [before, files] = [await stored(), await keptFiles(world.app)]
  const { status } = await send([...fields(nextStudent(), of), file(CODE, 'a.py')], {}, of)
  expect([status, (await stored()) - before]).toEqual([202, Buffer.byteLength(CODE)])
  await author.delete(`/courses/${of.id}`)
  expect([await stored(), await keptFiles(world.app)]).toEqual([before, files])
})

test('a sweep of the storage leaves it', async () => {
  const keys = { openai: { apiKey: 'test-key', baseUrl: world.model.baseUrls.openai } }
  const app = await startApp({ llm: { keys } })
  const client = await app.as('Академія')
  const of = await homeworkCourse(client)
  const { status } = await send([...fields('учень', of), file(GOOD)], {}, of, client)
  expect(status).toBe(202)
  const [kept = ''] = await keptFiles(app)
  await sweep(app.services, { graceMs: 0, confirm: true })
  expect(await keptFiles(app)).toContain(kept)
  await app.close()
})

test('without a model an answer that is a file is refused at once, and nothing is kept', async () => {
  const app = await startApp()
  const client = await app.as('Академія')
  const of = await homeworkCourse(client)
  for (const parts of [
    [...fields('учень', of), file(GOOD)],
    [file(GOOD), ...fields('учень', of)],
  ]) {
    const { status, body } = await send(parts, {}, of, client)
    expect([status, body.code]).toEqual([409, 'llm.not_configured'])
  }
  const left = await app.services.db.forTenant(client.tenantId, async (tx) => [
    await tx.selectFrom('submissions').selectAll().execute(),
    await tx.selectFrom('uploads').selectAll().execute(),
  ])
  expect([...left, await keptFiles(app)]).toEqual([[], [], []])
  await app.close()
})

test('a client that goes away half-way leaves nothing', async () => {
  const files = await keptFiles(world.app)
  const { body, headers } = form(...fields(), file('слово '.repeat(20_000)))
  const wire = await openWire(world.app.url)
  wire.send(
    head('POST', `/api/v1/courses/${course.id}/check-homework`, {
      ...{ 'x-api-key': grader.key, ...headers, 'content-length': body.length },
    }),
  )
  wire.send(body.subarray(0, 100_000))
  const { db } = world.app.services
  const uploads = () => db.forTenant(grader.tenantId, (tx) => tx.selectFrom('uploads').select('id').execute())
  await expect.poll(uploads).toHaveLength(1)
  wire.socket.destroy()
  await expect.poll(uploads).toEqual([])
  await expect.poll(() => keptFiles(world.app)).toEqual(files)
})

test('a form that says it is too long is refused before it comes', async () => {
  const { headers } = form()
  const { status, body } = await exchange(
    world.app.url,
    head('POST', `/api/v1/courses/${course.id}/check-homework`, {
      ...{ 'x-api-key': grader.key, ...headers, 'content-length': 12 * 1024 * 1024 },
    }),
  )
  expect([status, JSON.parse(body).code]).toEqual([413, 'answer.too_large'])
})

describe('a file is rejected with a reason that its student may read', () => {
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 1, 2, 3])
  test.each<[string, () => FormPart | Promise<FormPart>, string, RegExp]>([
    ['too long a text', () => file('слово '.repeat(9_000)), 'answer.too_long', /задовга/],
    ['a picture by the name of a program', () => file(png, 'a.py'), 'answer.unreadable', /не вдалося прочитати/],
    ['a Word document that is none', () => file('просто текст', 'a.docx'), 'answer.unreadable', /не вдалося прочитати/],
    ['an archive of pictures', () => file(zip([stored('a.png', png)]), 'a.zip'), 'answer.empty', /немає тексту/],
    [
      'an archive that leads out',
      () => file(zip([stored('../../a.py', '1')]), 'a.zip'),
      'answer.unreadable',
      /не вдалося/,
    ],
    [
      'an archive bomb',
      async () => file(zip([await bomb('a.py', '', Buffer.alloc(1_000_000, 'x = 1\n'), 12, '')]), 'a.zip'),
      'answer.too_long',
      /задовга/,
    ],
    ['a PDF that is none', () => file('%PDF-1.7', 'a.pdf'), 'answer.unreadable', /не вдалося/],
  ])('%s', async (_what, part, code, message) => {
    const { status, error, result } = await graded(await part())
    expect([status, error.code, result]).toEqual(['rejected', code, null])
    expect(error.message).toMatch(message)
  })

  test('in the language that was asked for', async () => {
    const { error } = await graded(file('слово '.repeat(9_000)), [field('language', 'en-GB')])
    expect(error.message).toBe('The answer is too long.')
  })
})

describe('a form is refused, and nothing of it is kept', () => {
  const TXT = file(GOOD)
  const told = ({ status, body }: Answer) => [
    status,
    body.code,
    ...(body.errors ?? []).map(({ path }: { path: string }) => path),
  ]
  const exercise = () => field('exercise_id', course.exercises[0] ?? '')
  const student = field('student_id', 'учень')
  const rival = async () => {
    const client = await world.app.as('Суперник')
    return { ...(await homeworkCourse(client)), client }
  }
  const key = { kind: 'short_text', description: 'Що?', answer_key: ['так'] }

  test.each<[string, () => FormPart[] | Promise<FormPart[]>, unknown[]]>([
    ['of a type that is none', () => [...fields(), file('x', 'a.exe')], [415, 'answer.unsupported_type']],
    ['without an extension', () => [...fields(), file('x', 'відповідь')], [415, 'answer.unsupported_type']],
    ['with a path for a name', () => [...fields(), file('x', 'а\u0001.txt')], [422, 'request.invalid', 'filename']],
    ['over 10 MiB', () => [...fields(), file(Buffer.alloc(10 * 1024 * 1024 + 1, 'ї'))], [413, 'answer.too_large']],
    ['with an empty file', () => [...fields(), file('')], [422, 'request.invalid', 'file']],
    ['without a file', () => fields(), [422, 'request.invalid', 'file']],
    ['with two files', () => [...fields(), TXT, TXT], [422, 'request.invalid', 'file']],
    ['with a text for a file', () => [...fields(), field('file', GOOD)], [422, 'request.invalid', 'file']],
    ['without a student', () => [exercise(), TXT], [422, 'request.invalid', 'student_id']],
    ['with a blank student', () => [field('student_id', ' '), exercise(), TXT], [422, 'request.invalid', 'student_id']],
    ['with two students', () => [student, student, exercise(), TXT], [422, 'request.invalid', 'student_id']],
    ['without an exercise', () => [student, TXT], [422, 'request.invalid', 'exercise_id']],
    ['with no exercise’s id', () => [student, TXT, field('exercise_id', '1')], [422, 'request.invalid', 'exercise_id']],
    ['in no language', () => [...fields(), field('language', 'укр'), TXT], [422, 'request.invalid', 'language']],
    ['with an answer beside it', () => [...fields(), field('answer', 'так'), TXT], [422, 'request.invalid', 'answer']],
    ['with a score', () => [...fields(), TXT, field('score', '100')], [422, 'request.invalid', 'score']],
    ['for an exercise of nobody', () => [student, field('exercise_id', newId()), TXT], [404, 'exercise.not_found']],
    [
      'for another’s exercise, said first',
      async () => [student, field('exercise_id', (await rival()).exercises[0] ?? ''), TXT],
      [404, 'exercise.not_found'],
    ],
    [
      'for another’s exercise, said last',
      async () => [student, TXT, field('exercise_id', (await rival()).exercises[0] ?? '')],
      [404, 'exercise.not_found'],
    ],
  ])('%s', async (_what, parts, expected) => {
    const before = await keptFiles(world.app)
    expect(told(await send(await parts()))).toEqual(expected)
    expect(await keptFiles(world.app)).toEqual(before)
    const { db } = world.app.services
    expect(await db.forTenant(grader.tenantId, (tx) => tx.selectFrom('uploads').selectAll().execute())).toEqual([])
  })

  test.each(['first', 'last'])('for an exercise with a key, said %s', async (place) => {
    const of = await homeworkCourse(author, [key])
    const said = fields('учень', of)
    expect(told(await send(place === 'first' ? [...said, TXT] : [TXT, ...said], {}, of))).toEqual([
      422,
      'request.invalid',
      'file',
    ])
  })

  test('for another’s course, and with a key that may not', async () => {
    const { client } = await rival()
    expect(told(await send([...fields(), TXT], {}, course, client))).toEqual([404, 'course.not_found'])
    const prep = await world.app.as('Академія', ['prep'])
    expect(told(await send([...fields(), TXT], {}, course, prep))).toEqual([403, 'auth.scope_missing'])
  })

  test('without money', async () => {
    await world.tenants.setBudget('Академія', 0n)
    const answers = [await send([...fields(), TXT]), await send([TXT, ...fields()])]
    await world.tenants.setBudget('Академія', null)
    expect(answers.map(told)).toEqual(Array(2).fill([402, 'budget.exceeded']))
  })

  test('past the quota', async () => {
    const { body } = await author.get('/me')
    await world.tenants.setQuota('Академія', body.quota.storage_bytes_used + 20)
    const answer = await send([...fields(), TXT])
    const small = await send([...fields(), file('так')])
    await world.tenants.setQuota('Академія', null)
    expect([told(answer), small.status]).toEqual([[413, 'quota.exceeded'], 202])
  })
})
