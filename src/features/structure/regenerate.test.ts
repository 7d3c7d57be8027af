import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Client } from '#test/client.ts'
import { at, type Body, type OpenCourse, openCourse } from './fixtures/open-course.ts'

let app: TestApp
let acme: Client
let course: OpenCourse

beforeAll(async () => {
  app = await startApp({ worker: true })
  acme = await app.as('Академія')
})
afterAll(() => app.close())
beforeEach(async () => {
  course = await openCourse(acme)
})

const BASICS = `# Python

## Основи

### Змінні

Змінна — це імʼя для значення.

Тип — це множина значень.

### Цикли

Цикл — це повторення дій.
`
const MORE = '# Ще Python\n\n## Функції\n\n### Параметри\n\nПараметр — це змінна функції.\n'

const read = (text: string, filename = 'основи.md') => build.readMaterial(acme, course.id, { text, filename })
const generate = (order = {}) => build.structure(acme, course.id, order)

/** Every id with the titles above it. */
function idsIn({ modules }: Body): Record<string, string> {
  const found: [string, string][] = []
  for (const module of modules) {
    found.push([module.title, module.id])
    for (const lesson of module.lessons) {
      found.push([`${module.title} / ${lesson.title}`, lesson.id])
      for (const { title, id } of lesson.concepts) found.push([`${module.title} / ${lesson.title} / ${title}`, id])
    }
  }
  return Object.fromEntries(found)
}

describe('a structure from materials', () => {
  test('says where everything comes from, in order, and can be put back', async () => {
    const { id } = await read(BASICS)
    const shown = await generate()
    expect(shown.structure).toEqual({
      ...{ version: 1, generated_by: 'outline', generated_at: expect.any(String) },
      ...{ material_ids: [id], stale: false },
    })
    const [module] = shown.modules
    expect(module).toMatchObject({ title: 'Основи', order: 1, difficulty: null })
    expect(module.lessons.map(({ title, order, exercises }: Body) => [title, order, exercises])).toEqual([
      ['Змінні', 1, []],
      ['Цикли', 2, []],
    ])
    const [concept] = module.lessons[0].concepts
    expect(concept).toMatchObject({ title: 'Змінна', definition: 'Змінна — це імʼя для значення.' })
    expect(concept.sources[0]).toEqual({
      material_id: id,
      locator: { heading: ['Python', 'Основи', 'Змінні'], paragraph: 1 },
    })
    expect((await course.put(shown)).body.modules).toEqual(shown.modules)
  })

  test('can be put back, timecodes, slides and all', async () => {
    const folder = new URL('../../../examples/python-basics/', import.meta.url)
    const text = (filename: string) => readFile(new URL(filename, folder), 'utf8')
    for (const filename of ['text.md', 'web-page.html']) await read(await text(filename), filename)
    const lecture = { filename: 'lecture.srt', type: 'video', text: await text('lecture.srt') }
    await build.readMaterial(acme, course.id, lecture)
    await acme.post(`/courses/${course.id}/slide-mapping`, JSON.parse(await text('slide-mapping.json')))
    const shown = await generate()
    expect(JSON.stringify(shown)).toMatch(/"video_end_timecode":"[\d:]+"/)
    expect((await course.put(shown)).body.modules).toEqual(shown.modules)
  })

  test('gives every module a lesson', async () => {
    await read('# Вступ\n\nПро курс.\n\n# Кінець\n')
    const { modules } = await generate()
    expect(modules.length).toBeGreaterThan(0)
    for (const module of modules) expect(module.lessons.length).toBeGreaterThan(0)
  })
})

describe('ids when a structure is generated again', () => {
  let first: Body
  beforeEach(async () => {
    await read(BASICS)
    first = await generate()
  })

  test('are kept with the same material', async () => {
    const again = await generate({ force: true })
    expect(again.structure.version).toBe(2)
    expect(again.modules).toEqual(first.modules)
  })

  test('are kept when a material is added', async () => {
    await read(MORE, 'функції.md')
    const again = await generate()
    expect(idsIn(again)).toMatchObject(idsIn(first))
    expect(Object.keys(idsIn(again))).toContain('Функції / Параметри')
  })

  test('are kept when the file is uploaded anew in place of the old', async () => {
    const [{ id }] = (await course.read()).source_materials
    const path = `/courses/${course.id}/materials?source_type=text&filename=new.md&replaces=${id}`
    const headers = { 'content-type': 'text/markdown' }
    const { body } = await acme.request('POST', path, { body: BASICS, headers })
    await build.read(acme, body.id)
    expect(idsIn(await generate())).toEqual(idsIn(first))
  })

  test('are kept where a heading was renamed but its text was not', async () => {
    const [{ id }] = (await course.read()).source_materials
    await acme.delete(`/materials/${id}`)
    await read(BASICS.replace('### Змінні', '### Імена і значення'))
    const again = await generate()
    const [before, after] = [idsIn(first), idsIn(again)]
    expect(after['Основи / Імена і значення']).toBe(before['Основи / Змінні'])
    expect(after['Основи / Імена і значення / Змінна']).toBe(before['Основи / Змінні / Змінна'])
    expect(after['Основи / Цикли']).toBe(before['Основи / Цикли'])
  })

  test('leave the earlier version as it was, and what left the course readable', async () => {
    const [{ id }] = (await course.read()).source_materials
    await acme.delete(`/materials/${id}`)
    await read(MORE)
    const again = await generate()
    const gone = at(first, 'modules.0.lessons.1')
    expect(Object.values(idsIn(again))).not.toContain(gone.id)
    expect((await acme.get(`/courses/${course.id}/lessons/${gone.id}`)).body).toMatchObject({ ...gone, order: 2 })
    expect((await course.read('?version=1')).modules).toEqual(first.modules)
  })
})

describe('a structure is stale', () => {
  const isStale = async (query = '') => (await course.read(query)).structure.stale
  let id: string
  beforeEach(async () => {
    id = String((await read(BASICS))['id'])
    await generate()
  })

  test('once a material is done that it was not made from', async () => {
    expect(await isStale()).toBe(false)
    await read('\u0000\u0001', 'зламаний.docx')
    expect(await isStale()).toBe(false)
    await read(MORE, 'функції.md')
    expect(await isStale()).toBe(true)
    await generate()
    expect([await isStale(), await isStale('?version=1')]).toEqual([false, true])
  })

  test('once a material is gone that it was made from', async () => {
    await acme.delete(`/materials/${id}`)
    expect(await isStale()).toBe(true)
    const { structure } = await course.read()
    expect(structure.material_ids).toEqual([id])
  })

  test('no longer when its author has put a new one, but still when one exercise changed', async () => {
    const put = await course.put({ modules: [{ title: 'М', lessons: [{ title: 'У', exercises: [EXERCISE] }] }] })
    await read(MORE, 'функції.md')
    const exercise = at(put.body, 'modules.0.lessons.0.exercises.0')
    await acme.patch(`/exercises/${exercise.id}`, { pass_score: 1 })
    expect((await course.read()).structure).toMatchObject({ version: 3, material_ids: [id], stale: true })
    await course.put(await course.read())
    expect(await isStale()).toBe(false)
  })
})

const EXERCISE = { kind: 'open', description: 'Що таке цикл?' }
