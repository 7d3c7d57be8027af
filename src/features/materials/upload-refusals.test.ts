import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Answer } from '#test/client.ts'
import { type FormPart, form } from '#test/form.ts'
import { keptFiles } from '#test/kept-files.ts'
import { openRequest } from '#test/open-request.ts'

const LIMIT = 100_000
const TEXT = '# Вступ\n\nЗмінна — це імʼя для значення.\n'
const UNKNOWN = '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10'

const TOO_LARGE = '413 material.too_large'
const WRONG_TYPE = '415 material.unsupported_type'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let course: string

beforeAll(async () => {
  app = await startApp({ maxUploadBytes: LIMIT })
  acme = await app.as('Академія')
  course = (await build.course(acme)).id
})
afterAll(() => app.close())

type Sent = { headers?: Record<string, string>; body?: string | Uint8Array | ReadableStream }

const post = (query: string, { headers = {}, body = TEXT }: Sent = {}) =>
  acme.request('POST', `/courses/${course}/materials${query}`, { body, headers })
const raw = (changes: Record<string, string> = {}, { headers, ...sent }: Sent = {}) =>
  post(`?${new URLSearchParams({ ...RAW, ...changes })}`, {
    ...sent,
    headers: { 'content-type': 'text/markdown', ...headers },
  })
const rawOnly = (query: Record<string, string>) => post(`?${new URLSearchParams(query)}`)
const multi = (...parts: FormPart[]) => post('', form(...parts))
const json = (fields: object, query = '') => acme.post(`/courses/${course}/materials${query}`, fields)
const field = (name: string, content: string): FormPart => ({ name, content })

const RAW = { source_type: 'text', filename: 'a.md' }
const WEB = { source_type: 'web', source_url: 'https://example.com/' }
const TYPE = field('source_type', 'text')
const FILE: FormPart = { name: 'file', filename: 'урок.md', content: TEXT }
const ADDRESS = field('source_url', WEB.source_url)
const LONG = 'x'.repeat(LIMIT + 1)

/** The status, and the code or the fields at fault. */
function told({ status, body }: Answer): string[] {
  const paths = (body.errors ?? []).map(({ path }: { path: string }) => path)
  return [body.code, ...paths].map((what) => `${status} ${what}`)
}

describe('a material is refused, and nothing of it is kept', () => {
  const refusals: [what: string, send: () => Promise<Answer>, told: string][] = [
    ['bytes over the limit', () => raw({}, { body: LONG }), TOO_LARGE],
    ['a stream over the limit', () => raw({}, { body: new Blob([LONG, LONG]).stream() }), TOO_LARGE],
    ['a file over the limit in a form', () => multi(TYPE, { ...FILE, content: LONG }), TOO_LARGE],
    ['JSON over 1 MiB', () => json({ ...WEB, external_id: 'x'.repeat(1024 * 1024) }), '413 request.too_large'],

    ['an unknown extension', () => raw({ filename: 'a.exe' }), WRONG_TYPE],
    ['no extension', () => raw({ filename: 'урок' }), WRONG_TYPE],
    ['a presentation as text', () => raw({ filename: 'a.pptx' }), WRONG_TYPE],
    ['a text as video', () => raw({ source_type: 'video' }), WRONG_TYPE],
    ['a file as web', () => raw({ source_type: 'web', filename: 'a.html' }), WRONG_TYPE],
    ['an unknown extension in a form', () => multi(TYPE, { ...FILE, filename: 'a.exe' }), WRONG_TYPE],
    ['a source type that comes late and is another', () => multi(FILE, field('source_type', 'video')), WRONG_TYPE],
    ['an extension, before wrong parameters', () => raw({ filename: 'a.exe', replaces: 'x' }), WRONG_TYPE],

    ['no body at all', () => acme.post(`/courses/${course}/materials`), '422 source_type'],
    ['bytes without a source type', () => rawOnly({ filename: 'a.md' }), '422 source_type'],
    ['bytes without a name', () => rawOnly({ source_type: 'text' }), '422 filename'],
    ['bytes of an unknown source type', () => raw({ source_type: 'audio' }), '422 source_type'],
    ['a name with a slash', () => raw({ filename: 'a/b.md' }), '422 filename'],
    ['a name of 256 characters', () => raw({ filename: `${'ї'.repeat(253)}.md` }), '422 filename'],
    ['an unknown parameter', () => raw({ colour: 'red' }), '422 colour'],
    ['replacing what does not exist', () => raw({ replaces: course }), '422 replaces'],

    ['an address without a source type', () => json({ source_url: WEB.source_url }), '422 source_type'],
    ['a source type without an address', () => json({ source_type: 'web' }), '422 source_url'],
    ['an address and a file in JSON', () => json({ ...WEB, file: 'x' }), '422 file'],
    ['an address and a file’s parameters', () => json(WEB, '?source_type=text&filename=a.md'), '422 source_url'],
    ['an address and a file in a form', () => multi(TYPE, ADDRESS, FILE), '422 source_url'],
    ['an address after a file', () => multi(TYPE, FILE, ADDRESS), '422 source_url'],

    ['a form without a file', () => multi(TYPE), '422 file'],
    ['a form without anything', () => multi(), '422 file'],
    ['a form without a source type', () => multi(FILE), '422 source_type'],
    ['a form of an unknown source type', () => multi(FILE, field('source_type', 'audio')), '422 source_type'],
    ['a form with parameters', () => post('?source_type=text', form(TYPE, FILE)), '422 source_type'],
    ['a file that is a text field', () => multi(TYPE, field('file', TEXT)), '422 file'],
    ['a file without a name', () => multi(TYPE, { ...FILE, filename: '' }), '422 filename'],
    ['two files', () => multi(TYPE, FILE, FILE), '422 file'],
    ['a file by another name', () => multi(TYPE, { ...FILE, name: 'upload' }), '422 upload'],
    ['an unknown field', () => multi(TYPE, field('colour', 'red'), FILE), '422 colour'],
    ['an unknown field after the file', () => multi(TYPE, FILE, field('colour', 'red')), '422 colour'],
    ['a field given twice', () => multi(TYPE, TYPE, FILE), '422 source_type'],
    ['U+0000 in a field', () => multi(TYPE, field('external_id', 'a\u0000'), FILE), '422 external_id'],
    ['a blank external_id', () => multi(TYPE, field('external_id', ' '), FILE), '422 external_id'],
    ['a field of 5000 characters', () => multi(field('external_id', LONG.slice(0, 5_000)), FILE), '422 external_id'],
    ['a malformed replaces', () => multi(TYPE, FILE, field('replaces', '1')), '422 replaces'],
    ['a field that is broken JSON', () => multi({ ...TYPE, type: 'application/json' }, FILE), '400 request.malformed'],
    ['a form without a boundary', () => post('', unbounded(form(FILE))), '400 request.malformed'],
    ['a form cut short', () => post('', cutShort(form(TYPE, FILE))), '400 material.upload_interrupted'],

    ['another’s digest', () => raw({}, digest(Buffer.alloc(32).toString('base64'))), '422 Repr-Digest'],
    ['a digest that is none', () => raw({}, digest('*')), '422 Repr-Digest'],
  ]

  test.each(refusals)('%s', async (_what, send, expected) => {
    const files = await keptFiles(app)
    const { body: listed } = await acme.get(`/courses/${course}/materials`)
    expect(told(await send())).toContain(expected)
    expect(await keptFiles(app)).toEqual(files)
    expect((await acme.get(`/courses/${course}/materials`)).body).toEqual(listed)
  })

  test('replacing what belongs to another course or tenant, in the same words', async () => {
    const rival = await app.as('Суперник')
    const foreign = await build.material(rival, (await build.course(rival)).id)
    const elsewhere = await build.material(acme, (await build.course(acme)).id)
    const answers = await Promise.all([foreign.id, elsewhere.id, UNKNOWN].map((replaces) => raw({ replaces })))
    const [first, ...others] = answers.map(({ body }) => ({ ...body, request_id: '' }))
    expect(first).toMatchObject({ status: 422 })
    expect(others).toEqual([first, first])
  })

  test.each([
    ['loopback', 'http://127.0.0.1/'],
    ['loopback with backslashes', 'https:\\\\127.0.0.1'],
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
    expect(told(await json({ source_type: 'web', source_url }))).toContain('422 source_url')
  })

  test('an external_id that another material of the tenant has, whoever came first', async () => {
    const id = { external_id: 'зайнято' }
    const rival = await app.as('Суперник')
    const elsewhere = (await build.course(rival)).id
    expect((await rival.post(`/courses/${elsewhere}/materials`, { ...WEB, ...id })).status).toBe(201)
    const answers = await Promise.all([
      raw(id),
      raw(id),
      json({ ...WEB, ...id }),
      multi(FILE, TYPE, field('external_id', id.external_id)),
    ])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409])
    const refused = answers.filter(({ status }) => status === 409)
    expect(refused.map(({ body }) => body.code)).toEqual(Array(3).fill('material.external_id_taken'))
    const { items } = (await acme.get(`/courses/${course}/materials`)).body
    const withFiles = items.filter((item: { filename: string | null }) => item.filename !== null)
    const kept = (await keptFiles(app)).filter((file) => file.startsWith(`${acme.tenantId}/${course}/`))
    expect(kept.length).toBe(withFiles.length)
  })
})

describe('before a byte of it is read, a file is refused for', () => {
  const markdown = { 'content-type': 'text/markdown', 'content-length': LIMIT }
  const long = { ...markdown, 'content-length': LIMIT + 1 }
  const longForm = { 'content-type': 'multipart/form-data; boundary=x', 'content-length': LIMIT + 1024 * 1024 + 1 }
  const query = '?source_type=text&filename=a.md'

  test.each<[what: string, course: string, query: string, headers: Record<string, string | number>, told: string]>([
    ['its declared length', 'own', query, long, TOO_LARGE],
    ['its length, before all else', 'x', '?colour=red', long, TOO_LARGE],
    ['its form’s length', 'own', '', longForm, TOO_LARGE],
    ['its extension', 'own', '?source_type=text&filename=a.exe', markdown, WRONG_TYPE],
    ['a missing course', UNKNOWN, query, markdown, '404 course.not_found'],
    ['a foreign course', 'foreign', query, markdown, '404 course.not_found'],
    ['its form’s missing course', UNKNOWN, '', form(TYPE, FILE).headers, '404 course.not_found'],
    ['a malformed course', 'x', query, markdown, '422 courseId'],
    ['a wrong parameter', 'own', `${query}&replaces=1`, markdown, '422 replaces'],
    ['an unknown replaces', 'own', `${query}&replaces=${UNKNOWN}`, markdown, '422 replaces'],
    ['a taken external_id', 'own', `${query}&external_id=taken`, markdown, '409 material.external_id_taken'],
  ])('%s', async (_what, where, query, headers, expected) => {
    const rival = await app.as('Суперник')
    const id = { own: course, foreign: (await build.course(rival)).id }[where] ?? where
    if (query.includes('taken')) await raw({ external_id: 'taken' })
    const url = `${app.url}/api/v1/courses/${id}/materials${query}`
    const { status, body } = await openRequest(url, { 'x-api-key': acme.key, ...headers }).answer
    expect(told({ status, body, headers: new Headers() })).toContain(expected)
  })
})

type Form = ReturnType<typeof form>

const cutShort = ({ headers, body }: Form) => ({ headers, body: body.slice(0, -20) })
const unbounded = ({ body }: Form) => ({ headers: { 'content-type': 'multipart/form-data' }, body })
const digest = (base64: string) => ({ headers: { 'repr-digest': `sha-256=:${base64}:` } })

test.each([
  [{ source_type: 'text', filename: 'лекція.mp4' }, /not taken as text, which takes \.md .*\.pdf; send it as video\.$/],
  [{ source_type: 'video', filename: 'a.pdf' }, /\.vtt; send it as presentation or text\.$/],
  [{ source_type: 'web', filename: 'a.md' }, /not taken as web, which takes a source_url; send it as text\.$/],
  [{ source_type: 'text', filename: 'a.exe' }, /which takes \.md [^;]*\.$/],
  [
    { source_type: 'text', filename: 'без-назви' },
    /^A file without an extension is not taken as text, which takes \.md/,
  ],
  [{ filename: 'a.exe' }, /these are: video \(\.mp4 .*presentation \(\.pdf \.pptx\), text \(\.md/],
])('%j is told what is taken', async (query, sentence) => {
  const { status, body } = await rawOnly(query)
  expect([status, body.code]).toEqual([415, 'material.unsupported_type'])
  expect(body.detail).toMatch(sentence)
})
