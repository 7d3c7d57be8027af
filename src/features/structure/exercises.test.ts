import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { whileHeld } from '#test/held.ts'
import { EXERCISE_DEFAULTS, EXERCISES, judgedAs } from './fixtures/authors-course.ts'
import { type Body, type OpenCourse, oneLesson, openCourse, pathsIn } from './fixtures/open-course.ts'

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

const put = (...exercises: unknown[]) => course.put(oneLesson({ exercises }))
const exercisesIn = (body: Body): Body[] => body.modules[0].lessons[0].exercises
const patch = (id: string, changes: unknown) => acme.patch(`/exercises/${id}`, changes)
const [open, choice, multiple, number, text] = ['open', 'choice', 'multiple_choice', 'number', 'short_text'].map(
  (kind) => EXERCISES[kind],
)
const options = (...ids: string[]) => ids.map((id) => ({ id, text: `варіант ${id}` }))

describe('an exercise', () => {
  test.each(Object.keys(EXERCISES))('of the kind %s is kept', async (kind) => {
    const [shown] = exercisesIn((await put(EXERCISES[kind])).body)
    expect(shown).toEqual({ ...EXERCISE_DEFAULTS, ...EXERCISES[kind], ...judgedAs({ kind }), id: shown.id })
  })

  test.each<[string, unknown]>([
    ['a choice without a key', { ...choice, answer_key: null }],
    ['a number without a key', { ...number, answer_key: null }],
    ['a number to be met exactly', { ...number, answer_key: { value: -1.5e-9, tolerance: 0 } }],
    ['a text with one answer', { ...text, answer_key: ['так'] }],
    ['several of many options', { ...multiple, answer_key: ['c'] }],
    ['the bounds', { ...open, pass_score: 100, max_attempts: 1_000, difficulty_level: 5 }],
  ])('may be %s', async (_what, exercise) => {
    const { status, body } = await put(exercise)
    expect(status).toBe(200)
    expect(exercisesIn(body)).toMatchObject([exercise])
  })

  test.each([
    ['a number without a key', { ...number, answer_key: null }],
    ['an open one of which nothing is said', { kind: 'open', description: 'Поясніть.' }],
  ])('that nobody could judge says so: %s', async (_what, exercise) => {
    const [shown] = exercisesIn((await put(exercise)).body)
    expect(shown).toMatchObject({ gradable: false, not_gradable: { code: 'exercise.not_gradable' } })
    const { body } = await acme.get(`/courses/${course.id}/exercises`)
    expect(body.items).toMatchObject([{ id: shown.id, gradable: false }])
    const changes = shown.kind === 'number' ? { answer_key: number?.['answer_key'] } : { grading_criteria: 'Повно.' }
    const changed = await patch(shown.id, changes)
    expect(changed.body.not_gradable?.code).toBe(shown.kind === 'number' ? undefined : 'llm.not_configured')
  })

  test.each<[string, unknown, string]>([
    ['of no kind', { ...open, kind: undefined }, 'kind'],
    ['of an unknown kind', { ...open, kind: 'essay' }, 'kind'],
    ['without a description', { ...open, description: ' ' }, 'description'],
    ['open with options', { ...open, options: options('a', 'b') }, 'options'],
    ['open with a key', { ...open, answer_key: ['a'] }, 'answer_key'],
    ['a choice of one', { ...choice, options: options('b') }, 'options'],
    ['a choice of none', { ...choice, options: undefined, answer_key: null }, 'options'],
    ['a choice of two with one id', { ...choice, options: options('b', 'b') }, 'options'],
    ['a choice with two right', { ...choice, answer_key: ['a', 'b'] }, 'answer_key'],
    ['a choice with none right', { ...choice, answer_key: [] }, 'answer_key'],
    ['a choice of what is not there', { ...choice, answer_key: ['c'] }, 'answer_key'],
    ['a choice with a number for a key', { ...choice, answer_key: { value: 1, tolerance: 0 } }, 'answer_key'],
    ['several with one twice', { ...multiple, answer_key: ['a', 'a'] }, 'answer_key'],
    ['several of what is not there', { ...multiple, answer_key: ['a', 'z'] }, 'answer_key'],
    ['several of one', { ...multiple, options: options('a'), answer_key: ['a'] }, 'options'],
    ['a number with a text for a key', { ...number, answer_key: ['1024'] }, 'answer_key'],
    ['a number with a bare number for a key', { ...number, answer_key: 1024 }, 'answer_key'],
    ['a number without a tolerance', { ...number, answer_key: { value: 1 } }, 'answer_key.tolerance'],
    [
      'a number with less than no tolerance',
      { ...number, answer_key: { value: 1, tolerance: -1 } },
      'answer_key.tolerance',
    ],
    ['a number with options', { ...number, options: options('a', 'b') }, 'options'],
    ['a text with a number for a key', { ...text, answer_key: { value: 1, tolerance: 0 } }, 'answer_key'],
    ['a text with no answer', { ...text, answer_key: [] }, 'answer_key'],
    ['a text with a blank answer', { ...text, answer_key: ['так', ' '] }, 'answer_key'],
    [
      'criteria with one id',
      {
        ...open,
        criteria: [
          { id: 'c', text: 'А' },
          { id: 'c', text: 'Б' },
        ],
      },
      'criteria',
    ],
    ['a criterion of weight 4', { ...open, criteria: [{ text: 'А', weight: 4 }] }, 'criteria.0.weight'],
    ['a criterion without text', { ...open, criteria: [{ id: 'c' }] }, 'criteria.0.text'],
    ['a pass score of 101', { ...open, pass_score: 101 }, 'pass_score'],
    ['no attempts', { ...open, max_attempts: 0 }, 'max_attempts'],
    ['difficulty 6', { ...open, difficulty_level: 6 }, 'difficulty_level'],
    ['an empty external_id', { ...open, external_id: '' }, 'external_id'],
  ])('may not be %s', async (_what, exercise, field) => {
    const answer = await put(text, exercise)
    expect(answer.status).toBe(422)
    expect(pathsIn(answer)).toContain(`modules.0.lessons.0.exercises.1.${field}`)
  })

  test('gets ids for criteria that have none, and never one that is there', async () => {
    const criteria = (...ids: (string | undefined)[]) => ids.map((id) => ({ ...(id ? { id } : {}), text: 'Є приклад' }))
    const idsIn = ({ body }: { body: Body }) => body.criteria.map((criterion: Body) => criterion.id)
    const { body } = await put({ ...open, criteria: criteria(undefined, undefined) })
    const [{ id, criteria: made }] = exercisesIn(body)
    const defaults = { text: 'Є приклад', weight: 1, required: false }
    expect(made).toEqual([
      { id: 'c1', ...defaults },
      { id: 'c2', ...defaults },
    ])
    expect(idsIn(await patch(id, { criteria: criteria(undefined, 'c1', 'c2') }))).toEqual(['c3', 'c1', 'c2'])
    expect(idsIn(await patch(id, { criteria: criteria('c3', undefined) }))).toEqual(['c3', 'c4'])
  })
})

describe('the external_id of an exercise', () => {
  const named = (external_id: string | null, exercise = open) => ({ ...exercise, external_id })

  test('belongs to one exercise of the tenant', async () => {
    await put(named('А'))
    const other = await openCourse(acme)
    const taken = await other.put(oneLesson({ exercises: [named('Б'), named('А')] }))
    expect([taken.status, taken.body.code]).toEqual([409, 'exercise.external_id_taken'])
    expect((await other.read()).structure).toBeNull()
    const rival = await openCourse(await app.as('Суперник'))
    expect((await rival.put(oneLesson({ exercises: [named('А')] }))).status).toBe(200)
  })

  test('given twice in one request is refused, saying where', async () => {
    const answer = await put(named('В'), named('Г'), named('В'))
    expect([answer.status, pathsIn(answer)]).toEqual([422, ['modules.0.lessons.0.exercises.2.external_id']])
  })

  test('can be swapped, moved and dropped in one request', async () => {
    const [a, b, c] = exercisesIn((await put(named('Ґ'), named('Д', text), named(null, number))).body)
    const swapped = [{ ...a, external_id: 'Д' }, { ...b, external_id: 'Ґ' }, c]
    expect(exercisesIn((await put(...swapped)).body)).toEqual(swapped)
    const moved = [
      { ...a, external_id: null },
      { ...b, external_id: 'Ґ' },
      { ...c, external_id: 'Д' },
    ]
    expect(exercisesIn((await put(...moved)).body)).toEqual(moved)
  })

  test('is free for another course when no exercise that is shown has it', async () => {
    await put(named('Е'), named('Є', text))
    await put(named('Є', text))
    const other = await openCourse(acme)
    expect((await other.put(oneLesson({ exercises: [named('Е')] }))).status).toBe(200)
    expect((await put(named('Е'))).status).toBe(409)
    await other.put({ modules: [] })
    expect((await put(named('Е'))).status).toBe(200)
  })

  test('goes to one of two courses that want it at once', async () => {
    const [one, other] = [await openCourse(acme), await openCourse(acme)]
    const wanted = ['Ж', 'З', 'И'].map((id) => named(id))
    // Both come to stand at the id in the middle, having taken what their orders put before it.
    const middle = `INSERT INTO exercises (id, tenant_id, course_id, external_id)
      VALUES ('${newId()}', '${acme.tenantId}', '${course.id}', 'З')`
    const both = () =>
      Promise.all([one.put(oneLesson({ exercises: wanted })), other.put(oneLesson({ exercises: wanted.toReversed() }))])
    const answers = await whileHeld(app, middle, both, { waiting: 2, end: 'ROLLBACK' })
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  })
})

describe('changing one exercise', () => {
  let shown: Body[]
  beforeEach(async () => {
    shown = exercisesIn((await put(...Object.values(EXERCISES))).body)
  })

  test.each<[string, Record<string, unknown>]>([
    ['one field', { pass_score: 0 }],
    ['to nothing', { reference_solution: null, grading_criteria: null, difficulty_level: null, external_id: null }],
    ['all fields', { ...EXERCISE_DEFAULTS, ...text, external_id: 'змінена' }],
    ['its kind', { kind: 'choice', options: options('так', 'ні'), answer_key: ['ні'] }],
  ])('%s leaves the rest and makes a new version', async (_what, changes) => {
    const [{ id }, ...rest] = shown
    const { status, body } = await patch(id, changes)
    const { lesson_id, ...exercise } = body
    expect([status, exercise]).toEqual([200, { ...shown[0], ...changes, ...judgedAs(exercise) }])
    const detail = await course.read()
    expect(detail.structure).toMatchObject({ version: 2, generated_by: 'author' })
    expect(exercisesIn(detail)).toEqual([exercise, ...rest])
    expect(detail.modules[0].lessons[0].id).toBe(lesson_id)
    const { external_id: _, ...before } = shown[0]
    expect(exercisesIn(await course.read('?version=1'))[0]).toMatchObject(before)
  })

  test.each<[string, number, unknown, string]>([
    ['nothing', 0, {}, 'body'],
    ['an unknown field', 0, { lesson_id: '1' }, 'lesson_id'],
    ['the kind alone, away from options', 1, { kind: 'open' }, 'options'],
    ['the kind alone, without options', 0, { kind: 'choice' }, 'options'],
    ['options that lose the right one', 1, { options: options('a', 'c') }, 'answer_key'],
    ['a key of another kind', 3, { answer_key: ['1024'] }, 'answer_key'],
    ['a kind of null', 0, { kind: null }, 'kind'],
  ])('is refused: %s', async (_what, index, changes, wrong) => {
    const answer = await patch(shown[index].id, changes)
    expect(answer.status).toBe(422)
    expect(pathsIn(answer)).toContain(wrong)
    expect((await course.read()).structure.version).toBe(1)
  })

  test('cannot take the external_id of another', async () => {
    await patch(shown[1].id, { external_id: 'зайнято' })
    const { status, body } = await patch(shown[0].id, { external_id: 'зайнято' })
    expect([status, body.code]).toEqual([409, 'exercise.external_id_taken'])
  })

  test('is not there for others, nor once it left the course', async () => {
    const rival = await app.as('Суперник')
    const answers = [await rival.patch(`/exercises/${shown[0].id}`, { pass_score: 1 })]
    await course.put({ modules: [] })
    answers.push(await patch(shown[0].id, { pass_score: 1 }))
    for (const { status, body } of answers) expect([status, body.code]).toEqual([404, 'exercise.not_found'])
    expect((await patch('вправа', { pass_score: 1 })).status).toBe(422)
  })

  test('at once with others loses none of them', async () => {
    const answers = await Promise.all(shown.map(({ id }, index) => patch(id, { pass_score: index })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(exercisesIn(await course.read()).map(({ pass_score }) => pass_score)).toEqual([0, 1, 2, 3, 4])
  })
})

describe('the list of exercises', () => {
  test('pages in the order of the course, whatever is put between the pages', async () => {
    const lesson = (title: string, ...names: string[]) => ({
      title,
      exercises: names.map((description) => ({ ...open, description })),
    })
    const modules = [
      { title: 'Я', lessons: [lesson('2', 'а', 'б'), lesson('1', 'в')] },
      { title: 'А', lessons: [lesson('3', 'г', 'ґ')] },
    ]
    const { body: first } = await course.put({ modules })
    const seen: Body[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await acme.get(`/courses/${course.id}/exercises?limit=2${cursor && `&cursor=${cursor}`}`)
      seen.push(...body.items)
      cursor = body.next_cursor
      await put(text)
    }
    const inOrder = first.modules.flatMap((module: Body) =>
      module.lessons.flatMap((lesson: Body) =>
        lesson.exercises.map((exercise: Body) => ({ ...exercise, lesson_id: lesson.id })),
      ),
    )
    expect(seen).toEqual(inOrder)
  })

  test('finds by external_id what is shown in this course', async () => {
    const path = `/courses/${course.id}/exercises?external_id=${encodeURIComponent('знайти')}`
    const found = async () => (await acme.get(path)).body.items.map((exercise: Body) => exercise.external_id)
    expect(await found()).toEqual([])
    await put(text, { ...open, external_id: 'знайти' })
    expect(await found()).toEqual(['знайти'])
    await put(text)
    expect(await found()).toEqual([])
    const other = await build.course(acme)
    expect((await acme.get(`/courses/${other.id}/exercises`)).body).toEqual({ items: [], next_cursor: null })
  })

  test.each(['limit=0', 'limit=101', 'cursor=AAAA', 'external_id=', 'kind=open'])('refuses ?%s', async (query) => {
    expect((await acme.get(`/courses/${course.id}/exercises?${query}`)).status).toBe(422)
  })
})
