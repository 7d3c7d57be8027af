import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { usd } from '#kernel/money.ts'
import type { TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { openCourse } from '../fixtures/open-course.ts'
import { addTexts, generate, readCourse, startWithModels, TEXTS } from '../fixtures/with-models.ts'
import { structureWork } from '../index.ts'

// The whole way: HTTP, queue, architect, router, ledger, and a provider that speaks OpenAI's format.

let world: Awaited<ReturnType<typeof startWithModels>>
let acme: Awaited<ReturnType<TestApp['as']>>

beforeAll(async () => {
  world = await startWithModels()
  acme = await world.app.as('Академія')
})
afterAll(() => world.close())
beforeEach(() => world.model.reset())

describe('the structure', () => {
  test('is made by the models, from real places, and accounted for', async () => {
    const course = await readCourse(acme, [TEXTS.variables, TEXTS.loops])
    const before = (await world.calls(acme.tenantId)).length
    const job = await generate(acme, course)
    expect(job).toMatchObject({ status: 'done', error: null, progress: 1 })
    const { result } = job
    expect(result).toMatchObject({ version: 1, generated_by: 'llm', dropped: { concepts: 0, citations: 0 } })
    expect(result).not.toHaveProperty('notice')
    expect(result).not.toHaveProperty('unpriced_calls')

    const shown = await course.read()
    expect(shown.structure).toMatchObject({ version: 1, generated_by: 'llm', stale: false })
    expect(shown.expected_knowledge.length).toBeGreaterThan(0)
    expect(shown.expected_skills.length).toBeGreaterThan(0)
    const lessons = shown.modules.flatMap((module: { lessons: unknown[] }) => module.lessons)
    const concepts = lessons.flatMap((lesson: { concepts: unknown[] }) => lesson.concepts)
    const exercises = lessons.flatMap((lesson: { exercises: unknown[] }) => lesson.exercises)
    expect([lessons.length, concepts.length, exercises.length]).toEqual([
      result.lessons,
      result.concepts,
      result.exercises,
    ])
    expect(concepts.map(({ title }: { title: string }) => title)).toContain('Змінна')
    for (const { sources } of concepts) expect(sources.length).toBeGreaterThan(0)
    for (const exercise of exercises)
      expect(exercise).toMatchObject({ reference_solution: expect.any(String), grading_criteria: expect.any(String) })

    const calls = (await world.calls(acme.tenantId)).slice(before)
    expect(calls.length).toBe(world.model.calls.length)
    for (const call of calls) {
      expect(call).toMatchObject({ course_id: course.id, job_id: job.id, outcome: 'answered', provider: 'openai' })
      expect(Number(call.cost_nano_usd)).toBeGreaterThan(0)
    }
    const cost = usd(calls.reduce((sum, call) => sum + BigInt(call.cost_nano_usd ?? 0), 0n))
    const used = [...new Set(calls.map(({ model }) => model))]
    expect(result).toMatchObject({ strategy: 'default', models: used, cost_usd: cost })
    const { body: ofJob } = await acme.get(`/reports/cost?job_id=${job.id}`)
    expect(ofJob.summary).toMatchObject({ total_calls: calls.length, total_cost_usd: cost })
    expect(await world.reservations(acme.tenantId)).toEqual([])
    const { body: report } = await acme.get('/reports/cost')
    expect(report.by_course).toContainEqual(expect.objectContaining({ group: course.id, calls: calls.length }))
  })

  test('is not made again while nothing has changed, unless that is forced', async () => {
    const course = await readCourse(acme, [TEXTS.variables])
    const { result: first } = await generate(acme, course)
    const bought = world.model.calls.length
    const { result: again } = await generate(acme, course)
    const { dropped: _, ...about } = first
    expect(again).toEqual({ ...about, models: [], cost_usd: '0', unchanged: true })
    // Another strategy has another chain, unless that comes to the same models.
    expect(world.model.calls.length).toBe(bought)

    const { result: forced } = await generate(acme, course, { force: true })
    expect(forced).toMatchObject({ version: 2, generated_by: 'llm' })
    expect(world.model.calls.length).toBe(2 * bought)
    expect((await generate(acme, course)).result).toMatchObject({ version: 2, unchanged: true })

    await acme.patch(`/courses/${course.id}`, { learning_goal: 'Писати програми.' })
    expect((await generate(acme, course)).result).toMatchObject({ version: 3 })
    expect(world.asked()).toEqual({ read: 2, plan: 3, write: expect.any(Number) })
  })

  test('costs only what a new material brings', async () => {
    const course = await readCourse(acme, [TEXTS.variables, TEXTS.loops])
    await generate(acme, course)
    world.model.reset()
    await addTexts(acme, course, [TEXTS.functions])
    const { result } = await generate(acme, course)
    expect(result).toMatchObject({ version: 2, models: [expect.any(String)] })
    expect(Number(result.cost_usd)).toBeGreaterThan(0)
    expect(world.asked()).toEqual({ read: 1, plan: 1, write: expect.any(Number) })
    expect(world.model.calls.find(({ asked }) => asked?.user.includes(' material\n'))?.asked?.user).toContain('Функція')
  })

  test('is bought by each tenant for itself', async () => {
    const rival = await world.app.as('Суперник')
    await generate(acme, await readCourse(acme, [TEXTS.variables]))
    const asked = world.asked()
    world.model.reset()
    await generate(rival, await readCourse(rival, [TEXTS.variables]))
    expect(world.asked()).toEqual(asked)
    for (const call of await world.calls(rival.tenantId)) expect(call.tenant_id).toBe(rival.tenantId)
  })

  test('takes what was deleted along with it', async () => {
    const course = await readCourse(acme, [TEXTS.variables, TEXTS.loops])
    await generate(acme, course)
    const answers = () =>
      world.app.services.db.forTenant(acme.tenantId, (tx) =>
        tx.selectFrom('llm_answers').select('material_id').where('course_id', '=', course.id).execute(),
      )
    const materials = (await acme.get(`/courses/${course.id}/materials`)).body.items
    const of = async (id: string) => (await answers()).filter(({ material_id }) => material_id === id).length
    expect(await of(materials[0].id)).toBe(1)
    await acme.delete(`/materials/${materials[0].id}`)
    expect(await of(materials[0].id)).toBe(0)
    await acme.delete(`/courses/${course.id}`)
    expect(await answers()).toEqual([])
  })
})

test('answers are forgotten after 90 days', async () => {
  const { database, services, models } = world.app
  const [old, young] = [await readCourse(acme, [TEXTS.variables]), await readCourse(acme, [TEXTS.variables])]
  for (const course of [old, young]) await generate(acme, course)
  for (const [course, days] of [
    [old, 91],
    [young, 89],
  ] as const)
    await queryAsSuperuser(
      database,
      'UPDATE llm_answers SET created_at = now() - make_interval(days => $2) WHERE course_id = $1',
      [course.id, days],
    )
  const outline = { name: 'outline' as const, build: async () => ({ modules: [] }) }
  const { pruneAnswers } = structureWork({ db: services.db, outline, models })
  expect(await pruneAnswers()).toBe(world.model.calls.length / 2)
  expect(await pruneAnswers()).toBe(0)
  world.model.reset()
  await acme.patch(`/courses/${young.id}`, { description: 'Для всіх.' })
  await generate(acme, young)
  expect(world.asked()).toMatchObject({ plan: 1 })
  expect(world.asked()).not.toHaveProperty('read')
})

describe('an estimate', () => {
  const estimate = (course: { id: string }, order?: object) =>
    acme.post(`/courses/${course.id}/structure/estimate`, order)

  test('is within a factor of two of what the example then takes, and spends nothing', async () => {
    const course = await openCourse(acme)
    for (const [filename, type] of [
      ['text.md', 'text'],
      ['web-page.html', 'text'],
      ['lecture.srt', 'video'],
    ] as const) {
      const text = await readFile(new URL(`../../../../examples/python-basics/${filename}`, import.meta.url), 'utf8')
      await build.readMaterial(acme, course.id, { filename, text, type })
    }
    const before = (await world.calls(acme.tenantId)).length
    const { status, body } = await estimate(course)
    expect(status).toBe(200)
    expect(body).toMatchObject({ engine: 'llm', unchanged: false, budget: { limit_usd: '10', reserved_usd: '0' } })
    expect(body.strategies.map(({ strategy }: { strategy: string }) => strategy)).toEqual([
      'default',
      'quality',
      'budget',
    ])
    expect([world.model.calls.length, (await world.calls(acme.tenantId)).length - before]).toEqual([0, 0])

    await generate(acme, course)
    const calls = (await world.calls(acme.tenantId)).slice(before)
    const sum = (name: 'tokens_in' | 'tokens_out') => calls.reduce((all, call) => all + Number(call[name]), 0)
    const [expected] = body.strategies
    expect(expected).toMatchObject({ engine: 'llm', unchanged: false, unpriced: false, notice: null })
    for (const [guess, actual] of [
      [expected.calls, calls.length],
      [expected.tokens_in, sum('tokens_in')],
      [expected.tokens_out, sum('tokens_out')],
    ]) {
      expect(guess).toBeGreaterThan(actual / 2)
      expect(guess).toBeLessThan(actual * 2)
    }
    expect(Number(expected.cost_usd)).toBeGreaterThan(0)
    expect((await estimate(course, { strategy: 'default' })).body).toMatchObject({
      unchanged: true,
      strategies: [{ strategy: 'default', unchanged: true }],
    })
  })

  test('needs a material that is done', async () => {
    const { status, body } = await estimate(await openCourse(acme), {})
    expect([status, body.code]).toEqual([409, 'structure.no_materials'])
  })
})
