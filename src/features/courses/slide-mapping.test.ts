import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { whileHeld } from '#test/held.ts'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let course: string
let path: string

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
})
afterAll(() => app.close())
beforeEach(async () => {
  course = (await build.course(acme)).id
  path = `/courses/${course}/slide-mapping`
})

type Mapping = { slide_number: number; video_timecode: string; [field: string]: unknown }
const slides = (...numbers: number[]): Mapping[] =>
  numbers.map((slide_number) => ({ slide_number, video_timecode: '01:15' }))
const add = (mappings: unknown, headers = {}) => acme.post(path, { mappings }, headers)
const numbersIn = async (query = '?limit=100') =>
  (await acme.get(path + query)).body.items.map((mapping: Mapping) => mapping.slide_number)
const presentation = async (filename = 'слайди.pdf') =>
  (await build.material(acme, course, { type: 'presentation', filename })).id
const video = async () => (await build.material(acme, course, { type: 'video', filename: 'лекція.mp4' })).id

describe('mapping slides', () => {
  test('answers what was made, where it is, and shows it with the course', async () => {
    const [presentation_id, video_id] = [await presentation(), await video()]
    const given = { slide_number: 7, video_timecode: '1:02:30', presentation_id, video_id }
    const { status, headers, body } = await add([given, ...slides(3)])
    expect(status).toBe(201)
    expect(headers.get('location')).toBe(`/api/v1${path}`)
    const [one, other] = body.mappings
    expect(body).toEqual({
      created: 2,
      mappings: [
        { id: expect.stringMatching(/^[0-9a-f-]{36}$/), ...given },
        { id: other.id, slide_number: 3, video_timecode: '01:15', presentation_id: null, video_id: null },
      ],
    })
    expect((await acme.get(path)).body).toEqual({ items: [other, one], next_cursor: null })
    expect((await acme.get(`/courses/${course}`)).body.slide_mappings).toEqual(expect.arrayContaining([one, other]))
  })

  test.each(['0:00', '00:00', '5:07', '59:59', '0:00:00', '01:00:00', '12:34:56', '100:00:00'])(
    'takes the timecode %s and shows it as it was written',
    async (video_timecode) => {
      const { status, body } = await add([{ slide_number: 10_000, video_timecode }])
      expect([status, body.mappings]).toMatchObject([201, [{ video_timecode }]])
      expect((await acme.get(path)).body.items).toMatchObject([{ video_timecode }])
      expect((await acme.get(`/courses/${course}`)).body.slide_mappings).toMatchObject([{ video_timecode }])
    },
  )

  test('says how a timecode is written', async () => {
    const { body } = await add([{ slide_number: 1, video_timecode: '01:75' }])
    const message = 'must be [H:]MM:SS, minutes and seconds below 60'
    expect(body.errors).toEqual([{ path: 'mappings.0.video_timecode', message }])
  })

  const WRONG_TIMECODES = ['', '12', ':30', '1:2', '0:60', '60:00', '1:60:00', '-1:00', '1:00:00:00', '0:01\n', '٠:٠١']
  const one = { slide_number: 1, video_timecode: '0:01' }
  test.each<[string, unknown, string]>([
    ['none', [], 'mappings'],
    ['no list', one, 'mappings'],
    ['1001 of them', Array.from({ length: 1_001 }, (_, index) => ({ ...one, slide_number: index + 1 })), 'mappings'],
    ['slide 0', [{ ...one, slide_number: 0 }], 'mappings.0.slide_number'],
    ['slide 10001', [one, { ...one, slide_number: 10_001 }], 'mappings.1.slide_number'],
    ['a slide as text', [{ ...one, slide_number: '1' }], 'mappings.0.slide_number'],
    ['half a slide', [{ ...one, slide_number: 1.5 }], 'mappings.0.slide_number'],
    ['no timecode', [{ slide_number: 1 }], 'mappings.0.video_timecode'],
    ...WRONG_TIMECODES.map((video_timecode): [string, unknown, string] => [
      `the timecode ${JSON.stringify(video_timecode)}`,
      [{ ...one, video_timecode }],
      'mappings.0.video_timecode',
    ]),
    ['an unknown field', [{ ...one, slide: 1 }], 'mappings.0.slide'],
    ['a malformed id', [{ ...one, video_id: 'відео' }], 'mappings.0.video_id'],
  ])('is refused with %s', async (_what, mappings, wrong) => {
    const { status, body } = await add(mappings)
    expect(status).toBe(422)
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(wrong)
    expect(await numbersIn()).toEqual([])
  })

  test('takes a thousand at once, and pages through them newest first while more are added', async () => {
    const all = Array.from({ length: 1_000 }, (_, index) => index + 1)
    expect((await add(slides(...all))).body.created).toBe(1_000)
    const seen: number[] = []
    for (let cursor: string | null = '', later = 2_000; cursor !== null; later++) {
      const { body } = await acme.get(`${path}?limit=100${cursor && `&cursor=${cursor}`}`)
      seen.push(...body.items.map((mapping: Mapping) => mapping.slide_number))
      cursor = body.next_cursor
      await add(slides(later))
    }
    expect(seen).toEqual(all.reverse())
  })
})

describe('a slide is mapped once per presentation', () => {
  test('twice in one request is refused, saying which', async () => {
    const presentation_id = await presentation()
    const again = { slide_number: 4, video_timecode: '9:59', presentation_id }
    const { status, body } = await add([
      ...slides(4, 5),
      again,
      { ...again, presentation_id: presentation_id.toUpperCase() },
      ...slides(5),
    ])
    expect(status).toBe(422)
    expect(body.errors).toEqual([
      { path: 'mappings.3.slide_number', message: expect.stringContaining('slide 4 ') },
      { path: 'mappings.4.slide_number', message: expect.stringContaining('slide 5 ') },
    ])
    expect(await numbersIn()).toEqual([])
  })

  test('mapped already is a conflict that names those slides only, and nothing is kept', async () => {
    await add(slides(2, 4))
    const { status, body } = await add(slides(1, 2, 3, 4))
    expect([status, body.code]).toEqual([409, 'slide_mapping.exists'])
    expect(body.detail).toContain('slide 2, 4.')
    expect(await numbersIn()).toEqual([4, 2])
  })

  test('but again in another presentation and in another course', async () => {
    const [first, second] = [await presentation(), await presentation('інші.pptx')]
    const inEach = [null, first, second].map((presentation_id) => ({ ...slides(1)[0], presentation_id }))
    expect((await add(inEach)).body.created).toBe(3)
    expect((await add([inEach[2]])).status).toBe(409)
    const other = await build.course(acme)
    expect((await acme.post(`/courses/${other.id}/slide-mapping`, { mappings: slides(1) })).status).toBe(201)
  })

  test('by two requests at once as well, in whatever order they name the slides', async () => {
    // Both come to stand at the slide in the middle, having taken what their orders put before it.
    const middle = `INSERT INTO slide_mappings (id, tenant_id, course_id, slide_number, video_timecode)
      VALUES ('${newId()}', '${acme.tenantId}', '${course}', 2, '0:00')`
    const both = () => Promise.all([add(slides(1, 2, 3)), add(slides(3, 2, 1))])
    const answers = await whileHeld(app, middle, both, { waiting: 2, end: 'ROLLBACK' })
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
  })
})

describe('the materials a mapping joins', () => {
  test('are a presentation and a video of the same course', async () => {
    const elsewhere = (await build.course(acme)).id
    const rival = await app.as('Суперник')
    const theirs = (await build.course(rival)).id
    const pdf = { type: 'presentation', filename: 'слайди.pdf' }
    const refused = [
      ['presentation_id', await video()],
      ['presentation_id', (await build.material(acme, elsewhere, pdf)).id],
      ['presentation_id', (await build.material(rival, theirs, pdf)).id],
      ['presentation_id', '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10'],
      ['video_id', await presentation()],
      ['video_id', (await build.material(acme, course)).id],
    ]
    for (const [field = '', id] of refused) {
      const { status, body } = await add([...slides(1), { ...slides(2)[0], [field]: id }])
      expect(status).toBe(422)
      expect(body.errors).toEqual([{ path: `mappings.1.${field}`, message: expect.stringContaining('of this course') }])
    }
    expect(await numbersIn()).toEqual([])
  })

  test('take their mappings with them', async () => {
    const presentation_id = await presentation()
    await add([...slides(1), { ...slides(2)[0], presentation_id }])
    await acme.delete(`/materials/${presentation_id}`)
    expect(await numbersIn()).toEqual([1])
  })

  test('may be gone by the time the mapping is kept', async () => {
    const presentation_id = await presentation()
    const deleting = `DELETE FROM materials WHERE id = '${presentation_id}'`
    const { status, body } = await whileHeld(app, deleting, () => add([{ ...slides(1)[0], presentation_id }]))
    expect([status, body.errors[0].path]).toEqual([422, 'mappings'])
  })
})

test('the course may be gone by the time the mapping is kept', async () => {
  const { status, body } = await whileHeld(app, `DELETE FROM courses WHERE id = '${course}'`, () => add(slides(1)))
  expect([status, body.code]).toEqual([404, 'course.not_found'])
})

describe('clearing', () => {
  test.each([
    ['all', '', []],
    ['one slide, in every presentation', '?slide_number=2', [3, 1]],
    ['a slide that is not mapped', '?slide_number=9', [3, 2, 2, 1]],
  ])('%s', async (_what, query, left) => {
    await add([...slides(1, 2), { ...slides(2)[0], presentation_id: await presentation() }, ...slides(3)])
    expect((await acme.delete(path + query)).status).toBe(204)
    expect(await numbersIn()).toEqual(left)
    expect((await acme.delete(path + query)).status).toBe(204)
  })

  test.each(['?slide_number=0', '?slide_number=10001', '?slide_number=x', '?slide_number=', '?slide=1'])(
    'refuses %s',
    async (query) => {
      await add(slides(1))
      expect((await acme.delete(path + query)).status).toBe(422)
      expect(await numbersIn()).toEqual([1])
    },
  )

  test('lets a slide be mapped anew', async () => {
    await add(slides(1))
    await acme.delete(`${path}?slide_number=1`)
    expect((await add(slides(1))).status).toBe(201)
  })
})

test('an Idempotency-Key makes the same request once', async () => {
  const headers = { 'idempotency-key': 'slides' }
  const first = await add(slides(1, 2), headers)
  const again = await add(slides(1, 2), headers)
  expect([again.status, again.body, again.headers.get('location')]).toEqual([201, first.body, `/api/v1${path}`])
  expect((await add(slides(1, 3), headers)).status).toBe(422)
  expect(await numbersIn()).toEqual([2, 1])
})

test('another tenant sees, adds and clears nothing', async () => {
  await add(slides(1))
  const rival = await app.as('Суперник')
  for (const answer of [
    await rival.get(path),
    await rival.post(path, { mappings: slides(2) }),
    await rival.delete(path),
  ])
    expect([answer.status, answer.body.code]).toEqual([404, 'course.not_found'])
  expect(await numbersIn()).toEqual([1])
})
