import { afterAll, beforeAll, expect, test } from 'vitest'
import { addTexts, generate, readCourse, startWithModels, TEXTS } from '../fixtures/with-models.ts'

let world: Awaited<ReturnType<typeof startWithModels>>

beforeAll(async () => {
  world = await startWithModels()
})
afterAll(() => world.close())

const long = [TEXTS.variables, TEXTS.loops, TEXTS.functions].join('\n\n')

test('a text that is given twice is read, and paid for, once, and cited from both', async () => {
  const acme = await world.app.as('Академія')
  const course = await readCourse(acme, [long])
  const estimate = async () => (await acme.post(`/courses/${course.id}/structure/estimate`, {})).body
  const before = await estimate()
  await addTexts(acme, course, [long.replaceAll('.', '!')])
  expect(await estimate()).toEqual(before)
  const job = await generate(acme, course)
  expect([job.status, job.result.generated_by]).toEqual(['done', 'llm'])
  expect(world.asked()).toMatchObject({ read: 1 })
  const { modules, structure } = await course.read()
  expect(structure).toMatchObject({ stale: false })
  expect(structure.material_ids).toHaveLength(2)
  const concepts = modules.flatMap(({ lessons }: { lessons: { concepts: Concept[] }[] }) =>
    lessons.flatMap((lesson) => lesson.concepts),
  )
  for (const { sources } of concepts as Concept[]) {
    expect(new Set(sources.map((source) => source.material_id)).size).toBe(2)
  }
})

type Concept = { sources: { material_id: string }[] }
