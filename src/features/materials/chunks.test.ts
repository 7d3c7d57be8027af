import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Chunk } from '#kernel/chunk.ts'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { MAX_PAGE_BYTES } from './chunks.ts'
import { findMaterial, markDone, markFailed } from './store.ts'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let course: string

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
  course = (await build.course(acme)).id
})
afterAll(() => app.close())

const paragraphs = (count: number, text: (order: number) => string): Chunk[] =>
  Array.from({ length: count }, (_, index) => ({
    order: index + 1,
    kind: 'paragraph',
    text: text(index + 1),
    locator: { heading: ['Розділ', `Тема ${Math.floor(index / 40)}`], paragraph: index + 1 },
  }))

/** A material with these chunks, as if a worker had read it. */
async function read(chunks: Chunk[]): Promise<string> {
  const { id } = await build.material(acme, course)
  await app.services.db.forTenant(acme.tenantId, async (tx) => {
    const material = await findMaterial(tx, id)
    if (material) await markDone(tx, { tenantId: acme.tenantId, material, title: null, chunks })
  })
  return id
}

const get = (id: string, query = '') => acme.get(`/materials/${id}/chunks${query}`)

async function pagesOf(id: string, limit: number): Promise<Chunk[][]> {
  const pages: Chunk[][] = []
  for (let cursor = ''; ; ) {
    const { status, body } = await get(id, `?limit=${limit}${cursor}`)
    expect(status).toBe(200)
    pages.push(body.items)
    if (body.next_cursor === null) return pages
    cursor = `&cursor=${body.next_cursor}`
  }
}

test('chunks come as they were read, wherever they stand', async () => {
  const chunks: Chunk[] = [
    { order: 1, kind: 'heading', text: 'Цикли', locator: { heading: ['Цикли'], paragraph: 0 } },
    {
      order: 2,
      kind: 'paragraph',
      text: 'Цикл «for» повторює дії — їх може бути ґречно багато.',
      locator: { page: 1 },
    },
    { order: 3, kind: 'notes', text: 'Нагадати про індекси', locator: { slide: 0 } },
    { order: 4, kind: 'passage', text: '🎓 "лапки" \\ і\nрядок', locator: { start: 0.5, end: 3_725.017 } },
    { order: 5, kind: 'table', text: 'а | б', locator: { url: 'https://school.example/урок' } },
  ]
  const { status, body } = await get(await read(chunks))
  expect([status, body]).toEqual([200, { items: chunks, next_cursor: null }])
})

describe('pages', () => {
  test('of 20 000 chunks are all of them, in order, once', async () => {
    const id = await read(paragraphs(20_000, (order) => `Абзац ${order}: змінна — це імʼя, яке дано значенню.`))
    const pages = await pagesOf(id, 200)
    expect(pages.length).toBe(100)
    expect(pages.flat().map(({ order }) => order)).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1))
    expect(pages[99]?.at(-1)?.text).toContain('Абзац 20000')
    expect((await get(id)).body.items.length).toBe(50)
  })

  test.each([49, 50, 51, 100])('end where the chunks end: %i', async (count) => {
    const pages = await pagesOf(await read(paragraphs(count, String)), 50)
    expect(pages.map(({ length }) => length)).toEqual(count === 100 ? [50, 50] : count > 50 ? [50, 1] : [count])
  })

  test('are never longer than a mebibyte, and never empty', async () => {
    const long = 'ї'.repeat(20_000)
    const chunks = paragraphs(120, () => long)
    const pages = await pagesOf(await read(chunks), 200)
    expect(pages.flat()).toEqual(chunks)
    const bytes = pages.map((items) => items.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0))
    for (const size of bytes) expect(size).toBeLessThanOrEqual(MAX_PAGE_BYTES)
    expect(bytes.slice(0, -1).every((size) => size > MAX_PAGE_BYTES - 2 * 40_100)).toBe(true)
  })

  test('are asked for by number and by cursor as they may be', async () => {
    const [id, other] = [await read(paragraphs(3, String)), await read(paragraphs(3, String))]
    const { body } = await get(other, '?limit=1')
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=MQ', `cursor=${body.next_cursor}`, 'page=2'])
      expect([query, (await get(id, `?${query}`)).status]).toEqual([query, 422])
    expect((await get(other, `?cursor=${body.next_cursor}`)).body.items.length).toBe(2)
  })
})

test('what was not read says so', async () => {
  const { id } = await build.material(acme, course)
  const told = async () => {
    const { status, body } = await get(id)
    return [status, body.code]
  }
  expect(await told()).toEqual([409, 'material.not_ready'])
  await app.services.db.forTenant(acme.tenantId, (tx) => markFailed(tx, id, { code: 'extract.empty', message: 'Ні.' }))
  expect(await told()).toEqual([409, 'material.failed'])
})

test('another tenant’s material is one that never was', async () => {
  const id = await read(paragraphs(3, String))
  const rival = await app.as('Суперник')
  const [foreign, unknown] = [
    await rival.get(`/materials/${id}/chunks`),
    await rival.get(`/materials/${newId()}/chunks`),
  ]
  expect([foreign.status, foreign.body.code]).toEqual([404, 'material.not_found'])
  expect({ ...foreign.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' })
  expect((await (await app.as('Академія', ['check'])).get(`/materials/${id}/chunks`)).status).toBe(403)
})

test('speech comes in passages of half a minute to a minute, the same however it is paged', async () => {
  const spoken: Chunk[] = Array.from({ length: 700 }, (_, at) => ({
    ...{ order: at + 1, kind: 'passage', text: `Речення ${at}.` },
    locator: { start: at * 5, end: at * 5 + 4.5 },
  }))
  const id = await read(spoken)
  const whole = (await pagesOf(id, 200)).flat()
  expect((await pagesOf(id, 7)).flat()).toEqual(whole)
  expect(whole[0]).toEqual({
    ...{ order: 1, kind: 'passage', locator: { start: 0, end: 34.5 } },
    text: 'Речення 0. Речення 1. Речення 2. Речення 3. Речення 4. Речення 5. Речення 6.',
  })
  const lengths = whole.map(({ locator }) => ('start' in locator ? locator.end - locator.start : 0))
  expect([Math.min(...lengths) >= 30, Math.max(...lengths) <= 60]).toEqual([true, true])
  expect(whole.map(({ text }) => text).join(' ')).toBe(spoken.map(({ text }) => text).join(' '))
})
