import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { EXERCISE_DEFAULTS, EXERCISES, judgedAs, wholeCourse } from './fixtures/authors-course.ts'
import { type OpenCourse, oneLesson, openCourse, pathsIn } from './fixtures/open-course.ts'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let course: OpenCourse

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
})
afterAll(() => app.close())
beforeEach(async () => {
  course = await openCourse(acme)
})

describe("an author's structure", () => {
  test('is shown with every field as it was sent, defaults filled in, everything in order', async () => {
    const sent = wholeCourse(await course.materials())
    const { status, headers, body } = await course.put(sent)
    expect(status).toBe(200)
    expect(headers.get('etag')).toBe('"structure-1"')
    expect(body.structure).toMatchObject({ version: 1, generated_by: 'author', material_ids: [], stale: false })
    expect(body).toMatchObject(sent)
    expect(body.modules.map(({ order }: { order: number }) => order)).toEqual([1, 2])
    expect(body.modules[0].lessons.map(({ order }: { order: number }) => order)).toEqual([1, 2])
    expect(body.modules[0].lessons[1]).toEqual({
      id: expect.any(String),
      order: 2,
      title: 'Типи',
      video_material_id: null,
      video_start_timecode: null,
      video_end_timecode: null,
      presentation_material_id: null,
      slide_range: null,
      concepts: [],
      exercises: [],
    })
    const empty = {
      description: null,
      learning_goal: null,
      expected_knowledge: [],
      expected_skills: [],
      difficulty: null,
    }
    expect(body.modules[1]).toMatchObject(empty)
    expect(body.modules[0].lessons[0].exercises).toEqual(
      Object.values(EXERCISES).map((exercise) => ({
        ...{ ...EXERCISE_DEFAULTS, ...exercise, ...judgedAs(exercise) },
        id: expect.any(String),
      })),
    )
    expect(await course.read()).toEqual(body)
  })

  test('read and put back is the same, ids and all, as a new version', async () => {
    await course.put(wholeCourse(await course.materials()))
    const before = await course.read()
    const { body } = await course.put(before)
    expect(body.structure.version).toBe(2)
    const lasting = ({ structure: _, updated_at: __, ...rest }: Record<string, unknown>) => rest
    expect(lasting(body)).toEqual(lasting(before))
  })

  test('ignores what is read-only, whatever it says', async () => {
    const { title, created_at } = await course.read()
    const readOnly = { id: 5, external_id: 'x', title: 'Інша', description: [], learning_goal: {}, created_at: 'давно' }
    const more = { updated_at: 1, source_materials: 'усі', slide_mappings: null, structure: { version: 99 } }
    const modules = [{ title: 'М', order: 7, lessons: [{ title: 'У', order: 'перший' }] }]
    expect((await course.put({ ...readOnly, ...more, modules })).body).toMatchObject({
      ...{ id: course.id, external_id: null, title, description: null, created_at, source_materials: [] },
      structure: { version: 1 },
      modules: [{ order: 1, lessons: [{ order: 1 }] }],
    })
  })

  test('may be empty', async () => {
    const empty = { modules: [], structure: { version: 1, generated_by: 'author' } }
    expect((await course.put({ modules: [] })).body).toMatchObject(empty)
    expect(await course.read()).toMatchObject(empty)
  })

  test('can be an earlier version again, ids and deleted materials included', async () => {
    const used = await course.materials()
    await course.put(wholeCourse(used))
    const first = await course.read()
    for (const id of Object.values(used)) await acme.delete(`/materials/${id}`)
    await course.put({ modules: [] })
    const { status, body } = await course.put(await course.read('?version=1'))
    expect([status, body.structure?.version, body.modules]).toEqual([200, 3, first.modules])
  })

  test('is not for another tenant to put', async () => {
    const { status, body } = await (await app.as('Суперник')).put(course.path, oneLesson())
    expect([status, body.code]).toEqual([404, 'course.not_found'])
  })
})

describe('a structure is refused', () => {
  const lesson = 'modules.0.lessons.0'
  const module = (fields: object) => ({ modules: [{ title: 'М', lessons: [{ title: 'У' }], ...fields }] })
  const concept = (fields: object) => oneLesson({ concepts: [{ title: 'П', definition: '', ...fields }] })
  test.each<[string, unknown, string]>([
    ['no modules', {}, 'modules'],
    ['a list', [], 'body'],
    ['an unknown field', { modules: [], colour: 'red' }, 'colour'],
    ['an unknown field of a module', module({ mood: 1 }), 'modules.0.mood'],
    ['an unknown field of a lesson', oneLesson({ video: 1 }), `${lesson}.video`],
    ['an unknown field of a concept', concept({ x: 1 }), `${lesson}.concepts.0.x`],
    ['an unknown field of an exercise', oneLesson({ exercises: [{ score: 1 }] }), `${lesson}.exercises.0.score`],
    ['a module without lessons', module({ lessons: [] }), 'modules.0.lessons'],
    ['a module that names none', { modules: [{ title: 'М' }] }, 'modules.0.lessons'],
    ['501 modules', { modules: Array(501).fill(module({}).modules[0]) }, 'modules'],
    ['a blank title', module({ title: ' \n' }), 'modules.0.title'],
    ['a title of 501', oneLesson({ title: 'ї'.repeat(501) }), `${lesson}.title`],
    ['U+0000', oneLesson({ title: 'У\u0000' }), `${lesson}.title`],
    ['U+0000 in what is ignored', { modules: [], structure: { a: ['\u0000'] } }, 'structure.a.0'],
    ['a long definition', concept({ definition: 'ї'.repeat(10_001) }), `${lesson}.concepts.0.definition`],
    ['an unknown difficulty', module({ difficulty: 'trivial' }), 'modules.0.difficulty'],
    [
      'slides that end before they start',
      oneLesson({ slide_range: { start: 5, end: 4 } }),
      `${lesson}.slide_range.end`,
    ],
    ['slide 0', oneLesson({ slide_range: { start: 0, end: 4 } }), `${lesson}.slide_range.start`],
    ['half a range', oneLesson({ slide_range: { start: 1 } }), `${lesson}.slide_range.end`],
    ['a wrong timecode', oneLesson({ video_start_timecode: '61:00' }), `${lesson}.video_start_timecode`],
    [
      'a video that ends before it starts',
      oneLesson({ video_start_timecode: '1:00:00', video_end_timecode: '59:59' }),
      `${lesson}.video_end_timecode`,
    ],
    ['a malformed id', module({ id: 'один' }), 'modules.0.id'],
  ])('with %s', async (_what, body, wrong) => {
    const answer = await course.put(body)
    expect(answer.status).toBe(422)
    expect(pathsIn(answer)).toContain(wrong)
    expect((await course.read()).structure).toBeNull()
  })

  test.each([
    { page: 0 },
    { page: 1, slide: 1 },
    {},
    { start: 3 },
    { start: 3, end: 2 },
    { start: -1, end: 2 },
    { heading: 'Основи', paragraph: 1 },
    { url: 'javascript:alert(1)' },
  ])('with the locator %j', async (locator) => {
    const { text: material_id } = await course.materials()
    expect((await course.put(concept({ sources: [{ material_id, locator }] }))).status).toBe(422)
  })

  test('with a number that JSON can write and nobody can keep', async () => {
    const text = JSON.stringify(oneLesson({ exercises: [EXERCISES['number']] }))
    const answer = await course.putText(text.replace('1024', '1e999'))
    expect(answer.status).toBe(422)
    expect(pathsIn(answer)).toContain(`${lesson}.exercises.0.answer_key.value`)
  })

  test.each([
    ['20001 lessons', 41, {}],
    ['50001 concepts', 1, { concepts: Array(101).fill({ title: 'П', definition: '' }) }],
    ['20001 exercises', 1, { exercises: Array(41).fill({ kind: 'open', description: 'Що?' }) }],
  ])('with more than it may have in all: %s', async (_what, lessons, fields) => {
    const module = { title: 'М', lessons: Array(lessons).fill({ title: 'У', ...fields }) }
    const answer = await course.put({ modules: Array(500).fill(module) })
    expect([answer.status, pathsIn(answer)]).toEqual([422, ['modules']])
  })

  test('when larger than 16 MiB', async () => {
    const { status, body } = await course.put({ modules: [], structure: 'x'.repeat(16 * 1024 * 1024) })
    expect([status, body.code]).toEqual([413, 'request.too_large'])
  })
})

describe('If-Match', () => {
  test.each([
    ['of the version that is shown', '"structure-2"', 200],
    ['as a proxy weakens it', 'W/"structure-2"', 200],
    ['of anything', '*', 200],
    ['of an earlier version', '"structure-1"', 412],
    ['of a later version', '"structure-3"', 412],
    ['of no version', '"structure-0"', 412],
    ['without quotes', 'structure-2', 422],
    ['of something else', '"abc"', 412],
    ['of several', '"structure-1", "structure-2"', 200],
    ['of several others', '"structure-1","abc"', 412],
    ['that is empty', '', 422],
  ])('%s', async (_what, tag, status) => {
    await course.put({ modules: [] })
    const { headers } = await course.put(oneLesson())
    expect((await acme.get(`/courses/${course.id}`)).headers.get('etag')).toBe(headers.get('etag'))
    const answer = await course.put({ modules: [] }, { 'if-match': tag })
    expect(answer.status).toBe(status)
    if (status === 412) expect(answer.body.code).toBe('structure.version_changed')
    if (status === 422) expect(pathsIn(answer)).toEqual(['If-Match'])
    expect((await course.read()).structure.version).toBe(status === 200 ? 3 : 2)
  })

  test('of a course without a structure is met by its first version only', async () => {
    const tag = (await acme.get(`/courses/${course.id}`)).headers.get('etag') ?? ''
    expect((await course.put(oneLesson(), { 'if-match': tag })).status).toBe(200)
    expect((await course.put(oneLesson(), { 'if-match': tag })).status).toBe(412)
  })

  test('lets one of many writers through, and without it all make versions of their own', async () => {
    await course.put(oneLesson())
    const writers = Array.from({ length: 6 }, (_, index) => oneLesson({ title: `Урок ${index}` }))
    const guarded = await Promise.all(writers.map((body) => course.put(body, { 'if-match': '"structure-1"' })))
    expect(guarded.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412])
    const winner = guarded.find(({ status }) => status === 200)
    expect((await course.read()).modules).toEqual(winner?.body.modules)
    const free = await Promise.all(writers.map((body) => course.put(body)))
    expect(free.map(({ body }) => body.structure.version).sort()).toEqual([3, 4, 5, 6, 7, 8])
    for (const { body } of free)
      expect((await course.read(`?version=${body.structure.version}`)).modules).toEqual(body.modules)
  })
})
