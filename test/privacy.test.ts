import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTenants } from '#features/access/index.ts'
import { planted } from '#features/structure/architect/fixtures/planted/index.ts'
import { startApp, type TestApp } from './app.ts'
import { build } from './build.ts'
import { type Model, startModel } from './fakes/llm/server.ts'

// What docs/privacy.md promises, seen from the other side: everything that a provider gets, in the format of each; and materials that
// try to change that.

const TEXT = '# Океани\n\n## Течія\n\nТечія — це рух водних мас, який гойдає фіолетовий буй.\n'
const COURSE = { title: 'Океанологія', description: 'Про моря й океани.', learning_goal: 'Читати карти течій.' }
const TENANT = 'Академія «Нептун»'

const PROVIDERS = ['openai', 'anthropic', 'gemini', 'deepseek'] as const

/** What would tell whose course it is, or let the provider tell users apart. */
const TELLING = ['user', 'metadata', 'safety_identifier', 'prompt_cache_key', 'labels', 'user_id']

let model: Model
let app: TestApp

beforeAll(async () => {
  model = await startModel()
  const keys = Object.fromEntries(
    PROVIDERS.map((provider) => [provider, { apiKey: `key-of-${provider}`, baseUrl: model.baseUrls[provider] }]),
  )
  app = await startApp({ worker: true, llm: { keys } })
})
afterEach(() => {
  model.behave('well')
  model.reset()
})
afterAll(async () => {
  await app?.close()
  await model?.close()
})

/** A course of a tenant that only this provider may serve. */
async function generateBy(provider: string, file: { filename?: string; text: string; type?: string }, tenant = TENANT) {
  const client = await app.as(`${tenant} ${provider}`)
  await createTenants(app.services).setProviders(`${tenant} ${provider}`, [provider])
  const { id: course } = await build.course(client, COURSE)
  const material = await build.readMaterial(client, course, file)
  const { body: started } = await client.post(`/courses/${course}/structure`, {})
  return { client, course, material: material.id, job: await build.endedJob(client, started.job_id) }
}

test.each(PROVIDERS)('%s gets the words of the materials, and nothing that tells whose they are', async (provider) => {
  const { client, course, material, job } = await generateBy(provider, { filename: 'течії.md', text: TEXT })
  expect(job).toMatchObject({ status: 'done', result: { generated_by: 'llm' } })
  expect(model.calls.length).toBeGreaterThanOrEqual(3)
  const sent = model.calls.map(({ path, headers, body }) => `${path}\n${JSON.stringify(headers)}\n${body}`).join('\n')

  for (const own of ['фіолетовий буй', COURSE.title, COURSE.description, COURSE.learning_goal])
    expect(sent).toContain(own)
  for (const secret of ['Академія', 'Нептун', client.key, client.tenantId, course, material, job.id])
    expect(sent).not.toContain(secret)
  expect(sent).not.toMatch(/cs_(live|test)_|[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/i)
  for (const other of PROVIDERS.filter((name) => name !== provider)) expect(sent).not.toContain(`key-of-${other}`)
  for (const { body } of model.calls)
    expect(Object.keys(JSON.parse(body)).filter((key) => TELLING.includes(key))).toEqual([])
})

test.each(['openai', 'gemini'])('%s is asked to keep nothing', async (provider) => {
  await generateBy(provider, { text: TEXT }, 'Школа')
  expect(model.calls.map(({ body }) => JSON.parse(body).store)).toEqual(model.calls.map(() => false))
})

test('logs have neither what was asked nor what was answered', async () => {
  model.fail({ kind: 'status', status: 500 }, { kind: 'wrong-schema' })
  await generateBy('anthropic', { text: TEXT }, 'Ліцей')
  const logged = app.logged.join('\n')
  expect(logged).toContain('anthropic')
  for (const word of ['фіолетовий', 'Fence:', 'You read one part', 'another shape', 'key-of-'])
    expect(logged).not.toContain(word)
})

const kinds = { markdown: 'урок.md', html: 'урок.html', srt: 'урок.srt', vtt: 'урок.vtt' } as Record<string, string>

test.each([
  'plain order (uk)',
  'a message of the system (en)',
  'an order in a list (en)',
  'an order over many cues (uk)',
  'an answer in JSON (en)',
])('a model that obeys %s: a course within every limit, or a reason', async (name) => {
  const item = planted.find((one) => one.name === name)
  if (item === undefined) throw new Error(`There is no ${name}.`)
  model.behave('obeys-attacker')
  const type = item.format === 'srt' || item.format === 'vtt' ? 'video' : 'text'
  const file = { filename: kinds[item.format] ?? '', text: item.file, type }
  const { client, course, material, job } = await generateBy('openai', file, name)
  if (job.status === 'error') return expect(['llm.malformed', 'structure.nothing_found']).toContain(job.error.code)

  const { body: detail } = await client.get(`/courses/${course}`)
  const sources = detail.modules
    .flatMap((module: { lessons: { concepts: { sources: { material_id: string }[] }[] }[] }) => module.lessons)
    .flatMap((lesson: { concepts: { sources: { material_id: string }[] }[] }) => lesson.concepts)
    .map((concept: { sources: { material_id: string }[] }) => concept.sources.map((source) => source.material_id))
  expect(sources.length).toBeGreaterThan(0)
  for (const cited of sources) expect(new Set(cited)).toEqual(new Set([material]))
  const text = JSON.stringify(detail)
  for (const { asked } of model.calls) {
    expect(text).not.toContain(asked?.system.slice(0, 40))
    expect(text.toLowerCase()).not.toContain(/^Fence: (\w+)/.exec(asked?.user ?? '')?.[1])
  }
  expect(text).not.toContain('attack.example')
  // What the contract allows an author to write, it allows a model: the course goes back as it came.
  expect((await client.put(`/courses/${course}/structure`, detail)).status).toBe(200)
})
