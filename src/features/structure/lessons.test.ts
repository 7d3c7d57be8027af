import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Client } from '#test/client.ts'
import { EXERCISES, wholeCourse } from './fixtures/authors-course.ts'
import { type Body, type OpenCourse, oneLesson, openCourse } from './fixtures/open-course.ts'

let app: TestApp
let acme: Client
let grader: Client
let course: OpenCourse
let shown: Body

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
  grader = await app.as('Академія', ['check'])
})
afterAll(() => app.close())
beforeEach(async () => {
  course = await openCourse(acme)
  shown = (await course.put(wholeCourse(await course.materials()))).body
})

const lessons = (query = '', client = acme) => client.get(`/courses/${course.id}/lessons${query}`)
const lesson = (id: string, client = acme, courseId = course.id) => client.get(`/courses/${courseId}/lessons/${id}`)
const lessonsIn = (detail: Body): Body[] =>
  detail.modules.flatMap((module: Body) =>
    module.lessons.map((inModule: Body) => ({ ...inModule, module_id: module.id })),
  )

describe('the list of lessons', () => {
  test('is in the order of the course and says of exercises only what they are', async () => {
    const { status, body } = await lessons('', grader)
    expect(status).toBe(200)
    expect(body).toEqual({
      items: lessonsIn(shown).map(({ id, module_id, title, order, exercises }) => ({
        ...{ id, module_id, title, order },
        exercises: exercises.map(({ id, kind, external_id }: Body) => ({ id, kind, external_id })),
      })),
      next_cursor: null,
    })
    expect(body.items[0].exercises).toHaveLength(5)
  })

  test('pages through the version of its first page, whatever is put meanwhile', async () => {
    const modules = ['Б', 'А'].map((title) => ({ title, lessons: ['3', '1', '2'].map((n) => ({ title: title + n })) }))
    await course.put({ modules })
    const seen: Body[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await lessons(`?limit=2${cursor && `&cursor=${cursor}`}`)
      seen.push(...body.items)
      cursor = body.next_cursor
      await course.put(oneLesson())
    }
    expect(seen.map(({ title }) => title)).toEqual(['Б3', 'Б1', 'Б2', 'А3', 'А1', 'А2'])
    expect(seen.map(({ order }) => order)).toEqual([1, 2, 3, 1, 2, 3])
  })

  test('is empty without a structure, and nobody else’s', async () => {
    const { id } = await build.course(acme)
    expect((await acme.get(`/courses/${id}/lessons`)).body).toEqual({ items: [], next_cursor: null })
    const { status, body } = await lessons('', await app.as('Суперник'))
    expect([status, body.code]).toEqual([404, 'course.not_found'])
  })

  test('refuses the cursor of another course', async () => {
    const other = await openCourse(acme)
    await other.put({ modules: [{ title: 'М', lessons: [{ title: '1' }, { title: '2' }] }] })
    const { body } = await acme.get(`/courses/${other.id}/lessons?limit=1`)
    expect((await lessons(`?cursor=${body.next_cursor}`)).status).toBe(422)
  })
})

describe('a lesson', () => {
  test('is shown whole to a key with prep', async () => {
    for (const whole of lessonsIn(shown)) expect((await lesson(whole.id)).body).toEqual(whole)
  })

  test('has nothing that tells an answer for a key without prep', async () => {
    const [whole] = lessonsIn(shown)
    const { status, body } = await lesson(whole.id, grader)
    expect(status).toBe(200)
    const secrets = ['reference_solution', 'grading_criteria', 'criteria', 'answer_key']
    const told = whole.exercises.map((exercise: Body) =>
      Object.fromEntries(Object.entries(exercise).filter(([field]) => !secrets.includes(field))),
    )
    expect(body).toEqual({ ...whole, exercises: told })
    const text = JSON.stringify(body)
    for (const secret of [...secrets, EXERCISES['open']?.['reference_solution'], 'Є визначення', 'print()'])
      expect(text).not.toContain(secret)
  })

  test('stays readable in its last form after it left the course', async () => {
    const [old] = lessonsIn(shown)
    const renamed = structuredClone(shown)
    renamed.modules[0].lessons[0].title = 'Змінні, нова назва'
    await course.put(renamed)
    await course.put(oneLesson())
    expect((await lesson(old.id)).body).toEqual({ ...old, title: 'Змінні, нова назва' })
    expect((await lesson(old.id, grader)).body.exercises[0]).not.toHaveProperty('reference_solution')
    expect((await lessons()).body.items.map(({ id }: Body) => id)).not.toContain(old.id)
  })

  test('is found in its own course and by its own tenant only', async () => {
    const [{ id }] = lessonsIn(shown)
    const other = await openCourse(acme)
    await other.put(oneLesson())
    const rival = await app.as('Суперник')
    const theirs = await openCourse(rival)
    await theirs.put(oneLesson())
    const [{ id: unknown }] = lessonsIn(await theirs.read())
    const answers: [string, Awaited<ReturnType<typeof lesson>>][] = [
      ['lesson.not_found', await lesson(id, acme, other.id)],
      ['lesson.not_found', await lesson(unknown)],
      ['lesson.not_found', await lesson(shown.modules[0].id)],
      ['lesson.not_found', await lesson(id, rival, theirs.id)],
      ['course.not_found', await lesson(id, rival)],
    ]
    for (const [code, { status, body }] of answers) expect([status, body.code]).toEqual([404, code])
    expect((await lesson('перший')).status).toBe(422)
  })
})
