import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Answer } from '#test/client.ts'
import { type FormPart, form } from '#test/form.ts'

const LIMIT = 100_000
const TEXT = '# Вступ\n\nЗмінна — це імʼя для значення.\n'
const SHA256 = createHash('sha256').update(TEXT).digest('hex')

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let course: string

beforeAll(async () => {
  app = await startApp({ maxUploadBytes: LIMIT })
  acme = await app.as('Академія')
  course = (await build.course(acme)).id
})
afterAll(() => app.close())

type Sent = { headers?: Record<string, string>; body: string | Uint8Array | ReadableStream }

const postForm = (...parts: FormPart[]) => acme.request('POST', `/courses/${course}/materials`, form(...parts))

function postRaw(query: Record<string, string>, { headers = {}, body }: Sent = { body: TEXT }) {
  const path = `/courses/${course}/materials?${new URLSearchParams(query)}`
  return acme.request('POST', path, { body, headers: { 'content-type': 'text/markdown', ...headers } })
}

const SOURCE_TYPE: FormPart = { name: 'source_type', content: 'text' }
const FILE: FormPart = { name: 'file', filename: 'урок 1.md', type: 'text/markdown', content: TEXT }

async function expectStored({ status, headers, body }: Answer, fields: Record<string, unknown>) {
  expect(body).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    course_id: course,
    external_id: null,
    source_type: 'text',
    source_url: null,
    filename: 'урок 1.md',
    content_type: 'text/markdown',
    size_bytes: Buffer.byteLength(TEXT),
    sha256: SHA256,
    status: 'pending',
    error: null,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    processed_at: null,
    canonical_url: null,
    fetched_at: null,
    ...fields,
  })
  expect(status).toBe(201)
  expect(headers.get('location')).toBe(`/api/v1/materials/${body.id}`)
  expect((await acme.get(`/materials/${body.id}`)).body).toEqual(body)
}

describe('a material is added', () => {
  test('as an address', async () => {
    const source_url = 'https://приклад.укр/сторінка?q=1'
    const answer = await acme.post(`/courses/${course}/materials`, { source_type: 'web', source_url, external_id: 'w' })
    const file = { filename: null, content_type: null, size_bytes: null, sha256: null }
    await expectStored(answer, { source_type: 'web', source_url, external_id: 'w', ...file })
  })

  test('as its bytes', async () => {
    const answer = await postRaw({ source_type: 'text', filename: 'урок 1.md', external_id: 'ур-1' })
    await expectStored(answer, { external_id: 'ур-1' })
    const bytes = await readFile(join(app.objectsFolder, acme.tenantId, course, answer.body.id), 'utf8')
    expect(bytes).toBe(TEXT)
  })

  test('as a stream of unknown length', async () => {
    const body = new Blob([TEXT]).stream()
    await expectStored(await postRaw({ source_type: 'text', filename: 'урок 1.md' }, { body }), {})
  })

  test.each([
    ['with its fields first', [SOURCE_TYPE, { name: 'external_id', content: 'ф-1' }, FILE], 'ф-1'],
    ['with its file first', [FILE, { name: 'external_id', content: 'ф-2' }, SOURCE_TYPE], 'ф-2'],
    ['with its file in the middle', [SOURCE_TYPE, FILE, { name: 'external_id', content: 'ф-3' }], 'ф-3'],
  ])('as a form %s', async (_order, parts: FormPart[], external_id) => {
    await expectStored(await postForm(...parts), { external_id })
  })

  test('as a form that a browser or fetch makes', async () => {
    const body = new FormData()
    body.append('file', new File([TEXT], 'урок 1.md', { type: 'text/markdown' }))
    body.append('source_type', 'text')
    await expectStored(await acme.request('POST', `/courses/${course}/materials`, { body }), {})
  })

  test.each([
    ['plain UTF-8', 'form-data; name="file"; filename="Лекція №2.md"', 'Лекція №2.md'],
    ['RFC 5987', `form-data; name="file"; filename*=UTF-8''${encodeURIComponent('Лекція №2.md')}`, 'Лекція №2.md'],
    // As .NET sends it.
    [
      'both',
      `form-data; name=file; filename="=?utf-8?B?0Js=?="; filename*=utf-8''${encodeURIComponent('Лекція.md')}`,
      'Лекція.md',
    ],
    ['a path', 'form-data; name="file"; filename="C:\\\\Уроки\\\\урок.md"', 'урок.md'],
    ['a way out', 'form-data; name="file"; filename="../../etc/урок.md"', 'урок.md'],
    ['capitals', 'form-data; name="file"; filename="УРОК.MD"', 'УРОК.MD'],
  ])('with its name as %s', async (_how, disposition, filename) => {
    const answer = await postForm({ disposition, content: TEXT }, SOURCE_TYPE)
    await expectStored(answer, { filename, content_type: 'text/plain' })
  })

  test('at the limit, to the byte', async () => {
    const body = 'x'.repeat(LIMIT)
    expect((await postRaw({ source_type: 'text', filename: 'a.txt' }, { body })).body.size_bytes).toBe(LIMIT)
    expect((await postForm(SOURCE_TYPE, { ...FILE, content: body })).body.size_bytes).toBe(LIMIT)
  })

  test('without bytes', async () => {
    expect((await postRaw({ source_type: 'text', filename: 'a.txt' }, { body: '' })).body.size_bytes).toBe(0)
  })

  test('whatever its content type', async () => {
    const long = { 'content-type': `text/plain; note=${'x'.repeat(300)}` }
    const answer = await postRaw({ source_type: 'text', filename: 'урок 1.md' }, { headers: long, body: TEXT })
    await expectStored(answer, { content_type: 'text/markdown' })
    await expectStored(await postForm(SOURCE_TYPE, { ...FILE, type: 'text/pl\u0000ain' }), {
      content_type: 'text/markdown',
    })
  })

  test.each([
    ['урок 1.md', 'application/x-www-form-urlencoded', 'text/markdown'],
    ['Лекція.SRT', 'application/octet-stream', 'application/x-subrip'],
    ['конспект.html', 'application/octet-stream; charset=utf-8', 'text/html'],
    ['конспект.html', 'text/plain', 'text/plain'],
  ])('%s as %s is %s', async (filename, said, content_type) => {
    const source_type = filename.endsWith('.SRT') ? 'video' : 'text'
    const { body } = await postRaw({ source_type, filename }, { headers: { 'content-type': said }, body: TEXT })
    expect(body).toMatchObject({ filename, content_type })
    const type: FormPart = { name: 'source_type', content: source_type }
    const { body: fromForm } = await postForm(type, { name: 'file', filename, type: said, content: TEXT })
    expect(fromForm).toMatchObject({ filename, content_type })
  })

  test('with the digest it declares', async () => {
    const digest = Buffer.from(SHA256, 'hex').toString('base64')
    const headers = { 'repr-digest': `sha-512=:AAAA:, sha-256=:${digest}:` }
    await expectStored(await postRaw({ source_type: 'text', filename: 'урок 1.md' }, { headers, body: TEXT }), {})
  })
})

describe('the list', () => {
  test('pages newest first and finds by external_id', async () => {
    const { id } = await build.course(acme)
    const made: string[] = []
    for (const external_id of ['а', 'б', 'в']) {
      const { body } = await acme.post(`/courses/${id}/materials`, {
        source_type: 'web',
        source_url: 'https://example.com/',
        external_id: `список ${external_id}`,
      })
      made.unshift(body.id)
    }
    const ids = (answer: Answer) => answer.body.items.map((item: { id: string }) => item.id)
    const first = await acme.get(`/courses/${id}/materials?limit=2`)
    await build.material(acme, id)
    const second = await acme.get(`/courses/${id}/materials?limit=2&cursor=${first.body.next_cursor}`)
    expect([...ids(first), ...ids(second)]).toEqual(made)
    expect(second.body.next_cursor).toBeNull()
    const found = await acme.get(`/courses/${id}/materials?external_id=${encodeURIComponent('список б')}`)
    expect(ids(found)).toEqual([made[1]])
    expect(ids(await acme.get(`/courses/${course}/materials?external_id=${encodeURIComponent('список б')}`))).toEqual(
      [],
    )
  })

  test('belongs to its course and tenant', async () => {
    const rival = await app.as('Суперник')
    expect((await rival.get(`/courses/${course}/materials`)).body.code).toBe('course.not_found')
  })
})
