import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
})
afterAll(() => app.close())

describe('a course', () => {
  test('is created and says where it is', async () => {
    const { status, headers, body } = await acme.post('/courses', {
      title: 'Основи програмування',
      external_id: 'lms-1',
    })
    expect(status).toBe(201)
    expect(headers.get('location')).toBe(`/api/v1/courses/${body.id}`)
    expect(body).toMatchObject({
      title: 'Основи програмування',
      external_id: 'lms-1',
      description: null,
      learning_goal: null,
    })
    const { body: detail } = await acme.get(`/courses/${body.id}`)
    expect(detail).toMatchObject({ ...body, modules: [], source_materials: [], slide_mappings: [], structure: null })
  })

  test.each([
    ['a blank title', { title: '  \t' }, 'title'],
    ['no title', {}, 'title'],
    ['a title of 501 characters', { title: 'ї'.repeat(501) }, 'title'],
    ['a number for a title', { title: 3 }, 'title'],
    ['an unknown field', { title: 'A', colour: 'red' }, 'colour'],
    ['U+0000', { title: 'A\u0000' }, 'title'],
    ['a lone surrogate', { title: 'A\ud800' }, 'title'],
    ['a description of 10001 characters', { title: 'A', description: 'x'.repeat(10_001) }, 'description'],
    ['an empty external_id', { title: 'A', external_id: '' }, 'external_id'],
  ])('is refused with %s', async (_what, fields, path) => {
    const { status, body } = await acme.post('/courses', fields)
    expect(status).toBe(422)
    expect(body.code).toBe('request.invalid')
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path)
  })

  test('keeps titles of 500 characters of any language', async () => {
    const title = '🦉'.repeat(500)
    expect((await acme.post('/courses', { title })).body.title).toBe(title)
  })

  test('shares its external_id with no other course of the tenant', async () => {
    await build.course(acme, { external_id: 'taken' })
    expect((await acme.post('/courses', { title: 'B', external_id: 'taken' })).body.code).toBe(
      'course.external_id_taken',
    )
    const rival = await app.as('Суперник')
    expect((await rival.post('/courses', { title: 'B', external_id: 'taken' })).status).toBe(201)
  })

  test('is changed field by field', async () => {
    const { id } = await build.course(acme, { description: 'Стара' })
    expect((await acme.patch(`/courses/${id}`, { description: null, title: 'Нова' })).body).toMatchObject({
      title: 'Нова',
      description: null,
    })
    expect((await acme.patch(`/courses/${id}`, {})).status).toBe(422)
  })

  test('is deleted once', async () => {
    const { id } = await build.course(acme)
    expect((await acme.delete(`/courses/${id}`)).status).toBe(204)
    expect((await acme.delete(`/courses/${id}`)).body.code).toBe('course.not_found')
  })
})

describe('the list', () => {
  test('pages newest first and stays stable while courses are added', async () => {
    const client = await app.as('Гортання')
    const made: string[] = []
    for (let index = 0; index < 7; index++) made.unshift((await build.course(client, { title: `Курс ${index}` })).id)
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const { body } = await client.get(`/courses?limit=3${cursor ? `&cursor=${cursor}` : ''}`)
      seen.push(...body.items.map((course: { id: string }) => course.id))
      cursor = body.next_cursor
      await build.course(client, { title: 'Пізніший' })
    } while (cursor !== null)
    expect(seen).toEqual(made)
  })

  test.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'limit=1.5',
    'limit=0x10',
    'cursor=',
    'cursor=AAAA',
    'unknown=1',
    'limit=1&limit=2',
  ])('refuses ?%s', async (query) => {
    expect((await acme.get(`/courses?${query}`)).status).toBe(422)
  })

  test('refuses the cursor of another list', async () => {
    const client = await app.as('Курсори')
    for (let index = 0; index < 2; index++) await build.course(client)
    const { body } = await client.get('/courses?limit=1')
    expect((await acme.get(`/courses?limit=1&cursor=${body.next_cursor}`)).status).toBe(422)
    expect((await client.get(`/courses?external_id=a&cursor=${body.next_cursor}`)).status).toBe(422)
  })

  test('finds a course by its external_id', async () => {
    const { id } = await build.course(acme, { external_id: 'знайди мене' })
    const { body } = await acme.get(`/courses?external_id=${encodeURIComponent('знайди мене')}`)
    expect(body.items.map((course: { id: string }) => course.id)).toEqual([id])
  })
})
