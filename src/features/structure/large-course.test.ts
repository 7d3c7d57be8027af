import { expect, test } from 'vitest'
import { startApp } from '#test/app.ts'
import { largeCourse } from './fixtures/authors-course.ts'
import { type Body, openCourse } from './fixtures/open-course.ts'

// A statement that takes more than 30 s is cut off by the database, so a query that grows with the square of the course fails here.
test('a course of 500 modules and 2500 lessons is put, shown, put back and paged', { timeout: 120_000 }, async () => {
  const app = await startApp()
  try {
    const acme = await app.as('Академія')
    const course = await openCourse(acme)
    const sent = largeCourse({ modules: 500, lessons: 5 })
    const { status, body } = await course.put(sent)
    expect(status).toBe(200)
    expect(body.modules).toHaveLength(500)
    expect(body.modules[499]).toMatchObject({ order: 500, ...sent.modules[499] })

    const back = await course.put(await course.read(), { 'if-match': '"structure-1"' })
    expect(back.body.structure.version).toBe(2)
    expect(back.body.modules).toEqual(body.modules)

    const { body: page } = await acme.get(`/courses/${course.id}/lessons?limit=100`)
    const { body: next } = await acme.get(`/courses/${course.id}/lessons?limit=100&cursor=${page.next_cursor}`)
    const titles = body.modules.flatMap(({ lessons }: Body) => lessons.map(({ title }: Body) => title))
    expect([...page.items, ...next.items].map(({ title }) => title)).toEqual(titles.slice(0, 200))

    const tree = structuredClone(body)
    tree.modules[400].lessons[2].exercises[0].id = course.id
    expect((await course.put(tree)).body.errors).toMatchObject([{ path: 'modules.400.lessons.2.exercises.0.id' }])
  } finally {
    await app.close()
  }
})
