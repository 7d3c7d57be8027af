import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import type { Client } from '#test/client.ts'
import { wholeCourse } from './fixtures/authors-course.ts'
import { at, type Body, type OpenCourse, oneLesson, openCourse, pathsIn } from './fixtures/open-course.ts'

let app: TestApp
let acme: Client
let rival: Client
let course: OpenCourse
let known: Body

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
  rival = await app.as('Суперник')
})
afterAll(() => app.close())
beforeEach(async () => {
  course = await openCourse(acme)
  known = await wholeCourseOf(course)
})

async function wholeCourseOf(open: OpenCourse): Promise<Body> {
  return (await open.put(wholeCourse(await open.materials()))).body
}

const STRANGER = '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10'
const PARTS = ['modules.1', 'modules.0.lessons.1', 'modules.1.lessons.0.concepts.0', 'modules.0.lessons.0.exercises.4']

describe('an id in a structure that is put', () => {
  test.each(PARTS)('is refused at %s when it is unknown, or of another kind, course or tenant', async (path) => {
    const [elsewhere, theirs] = [
      await wholeCourseOf(await openCourse(acme)),
      await wholeCourseOf(await openCourse(rival)),
    ]
    for (const id of [
      STRANGER,
      known.id,
      known.modules[0].lessons[0].id,
      at(elsewhere, path).id,
      at(theirs, path).id,
    ]) {
      const tree = structuredClone(known)
      at(tree, path).id = id
      // One lesson's id is given twice then, which is wrong as well.
      if (path === PARTS[1] && id === known.modules[0].lessons[0].id) continue
      const answer = await course.put(tree)
      expect([answer.status, pathsIn(answer)]).toEqual([422, [`${path}.id`]])
    }
  })

  test.each(PARTS)('is refused when it is given twice, saying where: %s', async (path) => {
    const tree = structuredClone(known)
    const siblings = path.replace(/\.\d+$/, '')
    const count = at(tree, siblings).push(at(tree, path))
    const answer = await course.put(tree)
    expect([answer.status, pathsIn(answer)]).toEqual([422, [`${siblings}.${count - 1}.id`]])
  })

  test('is the same in capitals', async () => {
    const shouted = JSON.stringify(known).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => id.toUpperCase())
    expect((await course.putText(shouted)).body.modules).toEqual(known.modules)
  })

  test('moves with what it names', async () => {
    const tree = structuredClone(known)
    const [lesson] = tree.modules[0].lessons.splice(0, 1)
    tree.modules[1].lessons.unshift(lesson)
    tree.modules.reverse()
    const { body } = await course.put(tree)
    expect(body.modules[0].lessons[0]).toEqual({ ...lesson, order: 1 })
    const places = ({ modules }: Body) => modules.map(({ id }: Body, index: number) => [id, index + 1])
    expect(body.modules.map(({ id, order }: Body) => [id, order])).toEqual(places(tree))
  })

  test('may come from an earlier version', async () => {
    await course.put(oneLesson())
    expect((await course.put(known)).body.modules).toEqual(known.modules)
  })
})

test.each(['video_material_id', 'presentation_material_id', 'concepts.0.sources.0.material_id'])(
  'a material of another course or tenant is refused as %s',
  async (field) => {
    const foreign = [await (await openCourse(acme)).materials(), await (await openCourse(rival)).materials()]
    for (const id of [STRANGER, ...foreign.flatMap((materials) => Object.values(materials))]) {
      const source = { material_id: id, locator: { page: 1 } }
      const fields = field.includes('.')
        ? { concepts: [{ title: 'П', definition: '', sources: [source] }] }
        : { [field]: id }
      const answer = await course.put(oneLesson(fields))
      expect([answer.status, pathsIn(answer)]).toEqual([422, [`modules.0.lessons.0.${field}`]])
    }
  },
)
