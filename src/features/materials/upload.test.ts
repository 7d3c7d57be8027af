import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Answer } from '#test/client.ts'
import { filesBelow } from '#test/files-below.ts'
import { type FormPart, form } from '#test/form.ts'
import { openRequest } from '#test/open-request.ts'

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
    ['both', `form-data; name=file; filename="=?utf-8?B?0Js=?="; filename*=utf-8''${encodeURIComponent('Лекція.md')}`, 'Лекція.md'],
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
    await expectStored(answer, { content_type: null })
    await expectStored(await postForm(SOURCE_TYPE, { ...FILE, type: 'text/pl\u0000ain' }), { content_type: null })
  })

  test('with the digest it declares', async () => {
    const digest = Buffer.from(SHA256, 'hex').toString('base64')
    const headers = { 'repr-digest': `sha-512=:AAAA:, sha-256=:${digest}:` }
    await expectStored(await postRaw({ source_type: 'text', filename: 'урок 1.md' }, { headers, body: TEXT }), {})
  })
})

describe('a material is refused', () => {
  const raw = { source_type: 'text', filename: 'a.md' }
  const wrongDigest = Buffer.alloc(32).toString('base64')
  const field = (name: string, content: string): FormPart => ({ name, content })
  const chunked = (text: string) => ({ body: new Blob([text]).stream() })
  const json = (fields: object, query = '') => acme.post(`/courses/${course}/materials${query}`, fields)
  const web = { source_type: 'web', source_url: 'https://example.com/' }

  const refusals: [what: string, send: () => Promise<Answer>, status: number, told: string][] = [
    ['bytes over the limit', () => postRaw(raw, { body: 'x'.repeat(LIMIT + 1) }), 413, 'material.too_large'],
    ['a stream over the limit', () => postRaw(raw, chunked('x'.repeat(LIMIT * 3))), 413, 'material.too_large'],
    ['a form’s file over the limit', () => postForm(SOURCE_TYPE, { ...FILE, content: 'x'.repeat(LIMIT + 1) }), 413, 'material.too_large'],
    ['JSON over 1 MiB', () => json({ ...web, external_id: 'x'.repeat(1024 * 1024) }), 413, 'request.too_large'],
    ['an unknown extension', () => postRaw({ ...raw, filename: 'a.exe' }), 415, 'material.unsupported_type'],
    ['no extension', () => postRaw({ ...raw, filename: 'урок' }), 415, 'material.unsupported_type'],
    ['a presentation as text', () => postRaw({ ...raw, filename: 'a.pptx' }), 415, 'material.unsupported_type'],
    ['a text as video', () => postRaw({ source_type: 'video', filename: 'a.md' }), 415, 'material.unsupported_type'],
    ['a file as web', () => postRaw({ source_type: 'web', filename: 'a.html' }), 415, 'material.unsupported_type'],
    ['an unknown extension in a form', () => postForm(SOURCE_TYPE, { ...FILE, filename: 'a.exe' }), 415, 'material.unsupported_type'],
    ['a type said too late', () => postForm(FILE, field('source_type', 'video')), 415, 'material.unsupported_type'],
    ['a type before anything else wrong', () => postRaw({ filename: 'a.exe', replaces: 'x', source_type: 'y' }), 415, 'material.unsupported_type'],
    ['no body at all', () => acme.post(`/courses/${course}/materials`), 422, 'source_type'],
    ['bytes without a type', () => postRaw({ filename: 'a.md' }), 422, 'source_type'],
    ['bytes without a name', () => postRaw({ source_type: 'text' }), 422, 'filename'],
    ['bytes of an unknown type', () => postRaw({ ...raw, source_type: 'audio' }), 422, 'source_type'],
    ['a name with a slash', () => postRaw({ ...raw, filename: 'a/b.md' }), 422, 'filename'],
    ['a name of 256 characters', () => postRaw({ ...raw, filename: `${'ї'.repeat(253)}.md` }), 422, 'filename'],
    ['an unknown parameter', () => postRaw({ ...raw, colour: 'red' }), 422, 'colour'],
    ['an address without a type', () => json({ source_url: web.source_url }), 422, 'source_type'],
    ['a type without an address', () => json({ source_type: 'web' }), 422, 'source_url'],
    ['an address and a file in JSON', () => json({ ...web, file: 'x' }), 422, 'file'],
    ['an address and a file’s parameters', () => json(web, '?source_type=text&filename=a.md'), 422, 'source_url'],
    ['an address and a file in a form', () => postForm(SOURCE_TYPE, field('source_url', web.source_url), FILE), 422, 'source_url'],
    ['an address after a file', () => postForm(SOURCE_TYPE, FILE, field('source_url', web.source_url)), 422, 'source_url'],
    ['a form without a file', () => postForm(SOURCE_TYPE), 422, 'file'],
    ['a form without anything', () => postForm(), 422, 'file'],
    ['a file that is a text field', () => postForm(SOURCE_TYPE, field('file', TEXT)), 422, 'file'],
    ['a file without a name', () => postForm(SOURCE_TYPE, { ...FILE, filename: '' }), 422, 'filename'],
    ['two files', () => postForm(SOURCE_TYPE, FILE, FILE), 422, 'file'],
    ['a file by another name', () => postForm(SOURCE_TYPE, { ...FILE, name: 'upload' }), 422, 'upload'],
    ['an unknown field', () => postForm(SOURCE_TYPE, field('colour', 'red'), FILE), 422, 'colour'],
    ['an unknown field after the file', () => postForm(SOURCE_TYPE, FILE, field('colour', 'red')), 422, 'colour'],
    ['a field given twice', () => postForm(SOURCE_TYPE, SOURCE_TYPE, FILE), 422, 'source_type'],
    ['a form without a type', () => postForm(FILE), 422, 'source_type'],
    ['a form of an unknown type', () => postForm(FILE, field('source_type', 'audio')), 422, 'source_type'],
    ['a form with parameters', () => acme.request('POST', `/courses/${course}/materials?source_type=text`, form(SOURCE_TYPE, FILE)), 422, 'source_type'],
    ['U+0000 in a field', () => postForm(SOURCE_TYPE, field('external_id', 'a\u0000'), FILE), 422, 'external_id'],
    ['a blank external_id', () => postForm(SOURCE_TYPE, field('external_id', ' '), FILE), 422, 'external_id'],
    ['a field of 5000 characters', () => postForm(SOURCE_TYPE, field('external_id', 'x'.repeat(5_000)), FILE), 422, 'external_id'],
    ['a form cut short', () => acme.request('POST', `/courses/${course}/materials`, cutShort(form(SOURCE_TYPE, FILE))), 400, 'material.upload_interrupted'],
    ['a form without a boundary', () => acme.request('POST', `/courses/${course}/materials`, { ...form(FILE), headers: { 'content-type': 'multipart/form-data' } }), 400, 'request.malformed'],
    ['a field that is broken JSON', () => postForm({ ...SOURCE_TYPE, type: 'application/json' }, FILE), 400, 'request.malformed'],
    ['a digest that is another’s', () => postRaw(raw, { headers: { 'repr-digest': `sha-256=:${wrongDigest}:` }, body: TEXT }), 422, 'Repr-Digest'],
    ['a digest that is none', () => postRaw(raw, { headers: { 'repr-digest': 'sha-256=:*:' }, body: TEXT }), 422, 'Repr-Digest'],
    ['replacing what does not exist', () => postRaw({ ...raw, replaces: course }), 422, 'replaces'],
    ['a malformed replaces', () => postForm(SOURCE_TYPE, FILE, field('replaces', '1')), 422, 'replaces'],
  ]

  test.each(refusals)('%s', async (_what, send, status, told) => {
    const before = await filesBelow(app.objectsFolder)
    const { body: listed } = await acme.get(`/courses/${course}/materials`)
    const answer = await send()
    expect(answer.body).toMatchObject({ status })
    expect([answer.body.code, ...(answer.body.errors ?? []).map(({ path }: { path: string }) => path)]).toContain(told)
    expect(await filesBelow(app.objectsFolder)).toEqual(before)
    expect((await acme.get(`/courses/${course}/materials`)).body).toEqual(listed)
  })

  test('replacing what belongs to another course or tenant, in the same words', async () => {
    const rival = await app.as('Суперник')
    const foreign = await build.material(rival, (await build.course(rival)).id)
    const elsewhere = await build.material(acme, (await build.course(acme)).id)
    const [a, b, c] = await Promise.all([foreign.id, elsewhere.id, course].map((replaces) => postRaw({ ...raw, replaces })))
    expect(a?.body).toEqual({ ...c?.body, request_id: a?.body.request_id })
    expect(b?.body).toEqual({ ...c?.body, request_id: b?.body.request_id })
  })

  test.each([
    ['as it is written', 'https:\\\\127.0.0.1'],
    ['loopback', 'http://127.0.0.1/'],
    ['loopback as a number', 'http://2130706433/'],
    ['loopback in hexadecimal', 'http://0x7f.1/'],
    ['loopback in IPv6', 'http://[::1]/'],
    ['loopback inside IPv6', 'http://[::ffff:7f00:1]/'],
    ['its own name', 'http://localhost:8000/'],
    ['its own name with a dot', 'http://localhost./'],
    ['a private network', 'https://192.168.0.1/'],
    ['a cloud’s own', 'http://169.254.169.254/latest/meta-data'],
    ['a bare name', 'http://minio:9000/'],
    ['a file', 'file:///etc/passwd'],
    ['FTP', 'ftp://example.com/a.md'],
    ['a script', 'javascript:alert(1)'],
    ['a password', 'https://user:secret@example.com/'],
    ['no scheme', 'example.com/a'],
    ['2049 characters', `https://example.com/${'x'.repeat(2029)}`],
  ])('an address that leads nowhere public: %s', async (_what, source_url) => {
    const { status, body } = await json({ source_type: 'web', source_url })
    expect([status, body.errors[0].path]).toEqual([422, 'source_url'])
  })

  test('an external_id that is taken, whoever asks first', async () => {
    const id = { external_id: 'зайнято' }
    await build.material(await app.as('Суперник'), (await build.course(await app.as('Суперник'))).id)
    const sent = [postRaw({ ...raw, ...id }), json({ ...web, ...id }), postForm(FILE, SOURCE_TYPE, field('external_id', id.external_id))]
    const answers = await Promise.all(sent)
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409])
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('material.external_id_taken')
    const { body } = await acme.get(`/courses/${course}/materials?external_id=${encodeURIComponent(id.external_id)}`)
    expect(body.items.length).toBe(1)
    const stored = await filesBelow(join(app.objectsFolder, acme.tenantId, course))
    const { body: all } = await acme.get(`/courses/${course}/materials?limit=100`)
    expect(stored.length).toBe(all.items.filter((item: { filename: string | null }) => item.filename !== null).length)
    expect((await postRaw({ ...raw, ...id })).body.code).toBe('material.external_id_taken')
  })
})

describe('before a byte is read, a file is refused for', () => {
  const far = 2 * LIMIT + 1024 * 1024
  const unknown = '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10'
  const markdown = { 'content-type': 'text/markdown', 'content-length': LIMIT }
  const huge = { 'content-type': 'multipart/form-data; boundary=x', 'content-length': far }

  test.each<[string, string, string, Record<string, string | number>, number, string]>([
    ['its declared length', 'mine', '?source_type=text&filename=a.md', { ...markdown, 'content-length': LIMIT + 1 }, 413, 'material.too_large'],
    ['its length, though the course is malformed', 'x', '', { ...markdown, 'content-length': LIMIT + 1 }, 413, 'material.too_large'],
    ['the length of its form', 'mine', '', huge, 413, 'material.too_large'],
    ['its extension', 'mine', '?source_type=text&filename=a.exe', markdown, 415, 'material.unsupported_type'],
    ['a missing course', unknown, '?source_type=text&filename=a.md', markdown, 404, 'course.not_found'],
    ['a foreign course', 'foreign', '?source_type=text&filename=a.md', markdown, 404, 'course.not_found'],
    ['a malformed course', 'x', '?source_type=text&filename=a.md', markdown, 422, 'request.invalid'],
    ['a wrong parameter', 'mine', '?source_type=text&filename=a.md&replaces=1', markdown, 422, 'request.invalid'],
    ['an unknown replaces', 'mine', `?source_type=text&filename=a.md&replaces=${unknown}`, markdown, 422, 'request.invalid'],
    ['an external_id that is taken', 'mine', '?source_type=text&filename=a.md&external_id=taken', markdown, 409, 'material.external_id_taken'],
    ['its method', 'put', '', markdown, 404, 'route.not_found'],
  ])('%s', async (_what, where, query, headers, status, code) => {
    const rival = await app.as('Суперник')
    const id = where === 'mine' ? course : where === 'foreign' ? (await build.course(rival)).id : where
    if (query.includes('external_id')) await postRaw({ source_type: 'text', filename: 'b.md', external_id: 'taken' })
    const path = where === 'put' ? 'courses' : `courses/${id}/materials`
    const url = `${app.url}/api/v1/${path}${where === 'put' ? '/x/y' : query}`
    const { body } = await openRequest(url, { 'x-api-key': acme.key, ...headers }).answer
    expect(body).toMatchObject({ status, code })
  })

  test('a form’s course, once its file begins', async () => {
    const { headers, body } = form(SOURCE_TYPE, FILE)
    const url = `${app.url}/api/v1/courses/${unknown}/materials`
    const open = openRequest(url, { 'x-api-key': acme.key, ...headers, 'content-length': body.length })
    open.send(body.slice(0, -100))
    expect((await open.answer).body.code).toBe('course.not_found')
  })
})

describe('the list', () => {
  test('pages newest first and finds by external_id', async () => {
    const { id } = await build.course(acme)
    const made: string[] = []
    for (const external_id of ['а', 'б', 'в']) {
      const { body } = await acme.post(`/courses/${id}/materials`, { source_type: 'web', source_url: 'https://example.com/', external_id: `список ${external_id}` })
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
    expect(ids(await acme.get(`/courses/${course}/materials?external_id=${encodeURIComponent('список б')}`))).toEqual([])
  })

  test('belongs to its course and tenant', async () => {
    const rival = await app.as('Суперник')
    expect((await rival.get(`/courses/${course}/materials`)).body.code).toBe('course.not_found')
  })
})

function cutShort({ headers, body }: { headers: Record<string, string>; body: Uint8Array }) {
  return { headers, body: body.slice(0, -20) }
}
