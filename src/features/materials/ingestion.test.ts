import iconv from 'iconv-lite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Chunk } from '#kernel/chunk.ts'
import { docx, paragraph } from '#platform/extract/fixtures/docx.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { filesBelow } from '#test/files-below.ts'
import { held, page, startWebSite, type WebSite } from '#test/web-site.ts'
import { chunksOf } from './index.ts'

const HTML =
  '<!doctype html><title>Цикли</title><nav><a href="/">Головна</a></nav><article><h1>Цикли</h1><p>Цикл повторює дії.</p></article>'
const SRT = '1\n00:00:01,000 --> 00:00:03,500\nЦикл повторює дії.\n'

let app: TestApp
let site: WebSite
let acme: Awaited<ReturnType<TestApp['as']>>
let course: string
let superuser: pg.Client

beforeAll(async () => {
  site = await startWebSite()
  app = await startApp({ worker: true, web: site.web })
  acme = await app.as('Академія')
  course = (await build.course(acme)).id
  superuser = new pg.Client({ connectionString: app.database.urls.superuser })
  await superuser.connect()
})
afterAll(async () => {
  await superuser.end()
  await app.close()
  site.close()
})

async function upload(filename: string, body: string | Uint8Array, contentType = 'application/octet-stream') {
  const type = /srt|vtt|mp4$/.test(filename) ? 'video' : /pdf|pptx$/.test(filename) ? 'presentation' : 'text'
  const query = new URLSearchParams({ source_type: type, filename })
  const { status, body: material } = await acme.request('POST', `/courses/${course}/materials?${query}`, {
    body,
    headers: { 'content-type': contentType },
  })
  expect([status, material.status]).toEqual([201, 'pending'])
  return material.id as string
}

async function addUrl(source_url: string, fields: Record<string, unknown> = {}) {
  const { status, body } = await acme.post(`/courses/${course}/materials`, {
    source_type: 'web',
    source_url,
    ...fields,
  })
  expect([status, body.status]).toEqual([201, 'pending'])
  return body.id as string
}

const get = (id: string) => acme.get(`/materials/${id}`)
const settled = async (id: string) =>
  (
    await until(
      () => get(id),
      ({ body }) => ['done', 'error'].includes(body.status),
    )
  ).body
const chunks = (id: string): Promise<Chunk[]> => app.services.db.forTenant(acme.tenantId, (tx) => chunksOf(tx, id))
const jobOf = async (id: string) => {
  const { rows } = await superuser.query(
    `SELECT status, result, attempts FROM jobs WHERE payload ->> 'materialId' = $1 ORDER BY id DESC`,
    [id],
  )
  return rows[0]
}

describe('what is read', () => {
  const heading = { heading: ['Цикли'], paragraph: 1 }
  const plain = { heading: [], paragraph: 1 }
  const seconds = { start: 1, end: 3.5 }

  test.concurrent.each<[string, string | Uint8Array, object]>([
    ['урок.md', '# Цикли\n\nЦикл повторює дії.', heading],
    ['урок.MARKDOWN', '# Цикли\n\nЦикл повторює дії.', heading],
    ['урок.txt', 'Цикл повторює дії.', plain],
    ['урок.html', HTML, heading],
    ['урок.htm', HTML, heading],
    ['урок.docx', docx(paragraph('Цикли', 'Heading1') + paragraph('Цикл повторює дії.')), heading],
    ['лекція.srt', SRT, seconds],
    ['лекція.vtt', 'WEBVTT\n\n00:01.000 --> 00:03.500\nЦикл повторює дії.\n', seconds],
  ])('%s', async (filename, bytes, locator) => {
    const id = await upload(filename, bytes)
    expect(await settled(id)).toMatchObject({ status: 'done', error: null, processed_at: expect.stringMatching(/Z$/) })
    expect(await chunks(id)).toContainEqual(expect.objectContaining({ text: 'Цикл повторює дії.', locator }))
  })

  test.concurrent.each<[string, string, string, string | Uint8Array]>([
    ['a web page, its article only', '/page', 'text/html; charset=utf-8', HTML],
    ['Markdown that is called plain', '/урок.md', 'text/plain', '# Цикли\n\nЦикл повторює дії.'],
    ['subtitles that are called nothing', '/lecture.srt', 'application/octet-stream', SRT],
    ['subtitles of an address without a name', '/captions', 'application/x-subrip', SRT],
    [
      'a Word file',
      '/урок',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      docx(paragraph('Цикл повторює дії.')),
    ],
  ])('from the web: %s', async (_what, path, type, bytes) => {
    site.serve(encodeURI(path), page(type, bytes))
    const id = await addUrl(site.at(path))
    expect(await settled(id)).toMatchObject({ status: 'done', filename: null, size_bytes: Buffer.byteLength(bytes) })
    const texts = (await chunks(id)).map(({ text }) => text)
    expect(texts).toContain('Цикл повторює дії.')
    expect(texts.join()).not.toContain('Головна')
  })

  // So short that it would be taken for Arabic.
  test('in the encoding that was declared', async () => {
    const bytes = iconv.encode('Цикл', 'windows-1251')
    site.serve('/short', page('text/plain; charset=windows-1251', bytes))
    for (const id of [
      await addUrl(site.at('/short')),
      await upload('a.txt', bytes, 'text/plain; charset="Windows-1251"'),
    ]) {
      await settled(id)
      expect((await chunks(id)).map(({ text }) => text)).toEqual(['Цикл'])
    }
  })
})

describe('what is accepted and then fails', () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  )

  test.concurrent.each<[string, string, string | Uint8Array, string]>([
    ['a.docx', 'text', 'це не Word', 'extract.unreadable'],
    ['a.srt', 'text', 'це не субтитри', 'extract.unreadable'],
    ['a.vtt', 'SubRip', SRT, 'extract.unreadable'],
    ['a.md', 'PDF', '%PDF-1.7\n…', 'extract.unreadable'],
    ['a.txt', 'a picture', png, 'extract.unreadable'],
    ['a.html', 'Word', docx(''), 'extract.unreadable'],
    ['a.txt', 'nothing', '', 'extract.empty'],
    ['a.md', 'blanks', ' \n\n ', 'extract.empty'],
    ['a.pdf', 'the beginning of PDF', '%PDF-1.7', 'extract.unreadable'],
    ['a.pptx', 'the beginning of slides', 'PK', 'extract.unreadable'],
    ['a.mp4', 'a text', 'відео', 'extract.unreadable'],
  ])('%s that is %s', async (filename, _content, bytes, code) => {
    const material = await settled(await upload(filename, bytes))
    expect(material).toMatchObject({ status: 'error', error: { code, message: expect.stringMatching(/^[A-Z].*\.$/) } })
    expect(material.processed_at).not.toBeNull()
  })

  test.concurrent.each<[string, string, string]>([
    ['a name that leads inside', '/', 'web.refused_address'],
    ['a redirect to a name that leads inside', '/to-name', 'web.refused_address'],
    ['a redirect to an address inside', '/to-address', 'web.refused_address'],
    ['a page that is not there', '/missing', 'web.bad_status'],
    ['a picture', '/picture', 'web.bad_type'],
    ['the beginning of a PDF', '/book', 'extract.unreadable'],
    ['a redirect to a video platform', '/short', 'material.video_platform'],
    ['bytes of no kind', '/bytes', 'extract.unsupported'],
  ])('%s', async (what, path, code) => {
    site.serve('/to-name', (_, response) =>
      response.writeHead(302, { location: site.at('/', 'db.inside.example') }).end(),
    )
    site.serve('/to-address', (_, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end(),
    )
    site.serve('/short', (_, response) =>
      response.writeHead(302, { location: site.at('/watch', 'www.youtube.com') }).end(),
    )
    site.serve('/watch', page('text/html', HTML))
    site.serve('/picture', page('image/png', png))
    site.serve('/book', page('application/pdf', '%PDF-1.7'))
    site.serve('/bytes', page('application/octet-stream', 'x'))
    const id = await addUrl(site.at(path, what.startsWith('a name') ? 'inside.example' : 'public.example'))
    const { status, error } = await settled(id)
    expect([status, error.code]).toEqual(['error', code])
    expect(error.message).not.toContain('10.1.2.3')
  })
})

describe('a retry', () => {
  test('reads a failed material again', async () => {
    site.serve('/again', page('text/html', '', 404))
    const id = await addUrl(site.at('/again'))
    expect((await settled(id)).error.code).toBe('web.bad_status')
    const again = held(page('text/html', HTML))
    site.serve('/again', again.answer)
    const { status, headers, body } = await acme.post(`/materials/${id}/retry`)
    expect([status, headers.get('location')]).toEqual([202, `/api/v1/materials/${id}`])
    expect(body).toMatchObject({ id, status: 'pending', error: null, processed_at: null })
    await again.asked
    expect((await get(id)).body.status).toBe('processing')
    expect((await acme.post(`/materials/${id}/retry`)).body.code).toBe('material.not_retryable')
    again.release()
    expect(await settled(id)).toMatchObject({ status: 'done', error: null })
    expect((await acme.post(`/materials/${id}/retry`)).body).toMatchObject({
      status: 409,
      code: 'material.not_retryable',
    })
  })

  test('of what is not there is a 404', async () => {
    expect((await acme.post(`/materials/${course}/retry`)).body.code).toBe('material.not_found')
    const id = await upload('a.pdf', '%PDF-1.7')
    expect((await (await app.as('Суперник')).post(`/materials/${id}/retry`)).body.code).toBe('material.not_found')
  })
})

describe('a deleted material', () => {
  test.each([
    ['and could be read', page('text/html', HTML)],
    ['and could not be read', page('text/html', '', 410)],
  ])('was just being read %s: its job ends quietly', async (_how, answer) => {
    const reading = held(answer)
    site.serve('/deleted', reading.answer)
    const id = await addUrl(site.at('/deleted'))
    await reading.asked
    expect((await acme.delete(`/materials/${id}`)).status).toBe(204)
    reading.release()
    const job = await until(
      () => jobOf(id),
      ({ status }) => status !== 'running',
    )
    expect(job).toMatchObject({ status: 'done', result: { skipped: true } })
    expect((await get(id)).body.code).toBe('material.not_found')
  })

  test('soon leaves no bytes and no text', async () => {
    const { id: other } = await build.course(acme)
    const inCourse = () => filesBelow(app.objectsFolder).then((files) => files.filter((file) => file.includes(other)))
    const { id } = await build.readMaterial(acme, other)
    await build.readMaterial(acme, other)
    expect((await inCourse()).length).toBe(2)
    await acme.delete(`/materials/${id}`)
    expect(await chunks(id)).toEqual([])
    // What goes with its course goes as well.
    await acme.delete(`/courses/${other}`)
    await until(inCourse, (files) => files.length === 0)
  })
})

describe('a replacing material', () => {
  const detail = async (id: string) => (await acme.get(`/courses/${id}`)).body
  const ids = (body: { source_materials: { id: string }[] }) => body.source_materials.map(({ id }) => id)

  test('takes the place and the slides of the old one when it is done', async () => {
    const { id: home } = await build.course(acme)
    const add = async (source_type: string, path: string, fields = {}) =>
      (await acme.post(`/courses/${home}/materials`, { source_type, source_url: site.at(path), ...fields })).body.id
    site.serve('/slides', page('text/html', HTML))
    site.serve('/talk.srt', page('text/plain', SRT))
    const reading = held(page('text/html', HTML))
    site.serve('/new-slides', reading.answer)
    const [slides, talk] = [await add('presentation', '/slides'), await add('video', '/talk.srt')]
    for (const id of [slides, talk]) expect((await settled(id)).status).toBe('done')
    const newSlides = await add('presentation', '/new-slides', { replaces: slides })
    const map = (slide_number: number, presentation_id: string, video_timecode: string) =>
      acme.post(`/courses/${home}/slide-mapping`, {
        mappings: [{ slide_number, presentation_id, video_id: talk, video_timecode }],
      })
    await map(1, slides, '00:01')
    await map(2, slides, '00:02')
    await map(1, newSlides, '00:03')
    await reading.asked
    expect(ids(await detail(home)).toSorted()).toEqual([slides, talk, newSlides].toSorted())
    reading.release()
    expect((await settled(newSlides)).status).toBe('done')
    const newTalk = await add('video', '/talk.srt', { replaces: talk })
    expect((await settled(newTalk)).status).toBe('done')

    const body = await detail(home)
    expect(ids(body).toSorted()).toEqual([newSlides, newTalk].toSorted())
    expect(body.slide_mappings).toMatchObject([
      { slide_number: 1, video_timecode: '00:03', presentation_id: newSlides, video_id: newTalk },
      { slide_number: 2, video_timecode: '00:02', presentation_id: newSlides, video_id: newTalk },
    ])
  })

  test('leaves the old one where it is when it fails, and is replaced with it', async () => {
    const { id: home } = await build.course(acme)
    const first = (await build.readMaterial(acme, home)).id
    const replacing = (path: string, replaces: string) =>
      acme.post(`/courses/${home}/materials`, { source_type: 'web', source_url: site.at(path), replaces })
    const failed = (await replacing('/missing', first)).body.id
    expect((await settled(failed)).status).toBe('error')
    expect(ids(await detail(home)).toSorted()).toEqual([first, failed].toSorted())
    site.serve('/third', page('text/html', HTML))
    const third = (await replacing('/third', failed)).body.id
    expect((await settled(third)).status).toBe('done')
    expect(ids(await detail(home))).toEqual([third])
  })
})
