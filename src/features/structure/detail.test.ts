import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Client } from '#test/client.ts'
import { oneLesson, openCourse } from './fixtures/open-course.ts'

let app: TestApp
let acme: Client

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
})
afterAll(() => app.close())

test('a new course in detail is its fields and nothing in them', async () => {
  const { body: course } = await acme.post('/courses', { title: 'Алгоритми', learning_goal: 'Рахувати кроки' })
  const { status, headers, body } = await acme.get(`/courses/${course.id}`)
  expect([status, headers.get('etag')]).toEqual([200, '"structure-0"'])
  expect(body).toEqual({
    ...{ id: course.id, external_id: null, title: 'Алгоритми', description: null, learning_goal: 'Рахувати кроки' },
    ...{ created_at: course.created_at, updated_at: course.updated_at },
    ...{ expected_knowledge: [], expected_skills: [], modules: [], source_materials: [], slide_mappings: [] },
    structure: null,
  })
})

test('shows materials in the order in which they were added, whatever became of them', async () => {
  const { id } = await build.course(acme)
  const names = ['б.md', 'а.md', 'в.md']
  for (const filename of names) await build.material(acme, id, { filename })
  const { body } = await acme.get(`/courses/${id}`)
  expect(body.source_materials.map(({ filename }: { filename: string }) => filename)).toEqual(names)
  const { body: material } = await acme.get(`/materials/${body.source_materials[0].id}`)
  expect(body.source_materials[0]).toEqual(material)
})

describe('?version=', () => {
  test('shows an earlier structure of the same course', async () => {
    const course = await openCourse(acme)
    for (const title of ['Перша', 'Друга']) await course.put(oneLesson({ title }))
    await acme.patch(`/courses/${course.id}`, { title: 'Перейменований' })
    const titles = await Promise.all(['?version=1', '?version=2', ''].map((query) => course.read(query)))
    expect(
      titles.map(({ title, structure, modules }) => [title, structure.version, modules[0].lessons[0].title]),
    ).toEqual([
      ['Перейменований', 1, 'Перша'],
      ['Перейменований', 2, 'Друга'],
      ['Перейменований', 2, 'Друга'],
    ])
    const { headers } = await acme.get(`/courses/${course.id}?version=1`)
    expect(headers.get('etag')).toBe('"structure-1"')
  })

  test.each([
    ['2', 404, 'structure.version_not_found'],
    ['2147483647', 404, 'structure.version_not_found'],
    ['2147483648', 422, 'request.invalid'],
    ['0', 422, 'request.invalid'],
    ['-1', 422, 'request.invalid'],
    ['', 422, 'request.invalid'],
    ['перша', 422, 'request.invalid'],
  ])('%j is %i', async (version, status, code) => {
    const course = await openCourse(acme)
    await course.put(oneLesson())
    const answer = await acme.get(`/courses/${course.id}?version=${version}`)
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })
})

test('is not shown to another tenant, nor to a key without prep', async () => {
  const { id } = await build.course(acme)
  const foreign = await (await app.as('Суперник')).get(`/courses/${id}`)
  expect([foreign.status, foreign.body.code]).toEqual([404, 'course.not_found'])
  const grader = await (await app.as('Академія', ['check'])).get(`/courses/${id}`)
  expect([grader.status, grader.body.code]).toEqual([403, 'auth.scope_missing'])
})
