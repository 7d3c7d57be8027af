import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase } from '#platform/db/database.ts'
import { capturedLog } from '#test/log.ts'
import { openLanguageModels } from './language-models.ts'
import { LLM_REGISTRY } from './paths.ts'

let folder: string
// Nobody is asked anything.
const db = createDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-models-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
  await db.close()
})

async function open(registryFile: string, keys = {}, monthlyLimitNanoUsd: bigint | null = null) {
  const { log, lines } = await capturedLog()
  const models = await openLanguageModels({ config: { llm: { keys, monthlyLimitNanoUsd, registryFile } }, db, log })
  return { ...models, warnings: lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn') }
}

test.each([
  ['that is not there', undefined, /^The registry of language models cannot be read: .*ENOENT/],
  ['that is no YAML', 'models: [', /^The registry of language models .*is wrong: /],
  [
    'without actions',
    'models: {}\nactions: {}\n',
    /actions\.course_structuring is missing; .*homework_check is missing/,
  ],
])('a registry %s is refused in one line', async (_what, text, message) => {
  const file = join(folder, 'llm.yaml')
  if (text === undefined) await rm(file, { force: true })
  else await writeFile(file, text)
  const refusal = await open(file).catch((error: Error) => error.message)
  expect(refusal).toMatch(message)
  expect(String(refusal).split('\n').length).toBe(1)
})

const STRATEGIES = ['default', 'quality', 'budget']

test('one key is enough for whatever the models are asked', async () => {
  for (const provider of ['openai', 'anthropic', 'gemini', 'deepseek']) {
    const { llm, priceOf } = await open(LLM_REGISTRY, { [provider]: { apiKey: 'test-key' } })
    for (const action of ['material_analysis', 'course_structuring', 'homework_check']) {
      for (const strategy of STRATEGIES) {
        const chain = llm.chain(action, strategy, null)
        expect(new Set(chain.map((model) => model.provider))).toEqual(new Set([provider]))
        const usage = { fresh: 1_000, cacheRead: 0, cacheWrite: 0, output: 1_000, reasoning: 0, milliseconds: 0 }
        for (const model of chain) expect(priceOf(model, usage, new Date())).not.toBeNull()
        expect(llm.chain(action, strategy, [])).toEqual([])
      }
    }
  }
})

test.each([
  [null, 'local has no price: tenants with a budget cannot use it.'],
  [10n, 'local has no price: as LLM_MONTHLY_LIMIT_USD is set, tenants cannot use it.'],
])('a model of a chain without a price is named at the start: limit %s', async (limit, warning) => {
  const own =
    'models:\n  local:\n    { provider: compatible, id: qwen, capabilities: [vision, structured_output, long_context],'
  const text = (await readFile(LLM_REGISTRY, 'utf8')).replace(
    'models:',
    `${own} context_window: 131072, max_output: 9000 }`,
  )
  const file = join(folder, 'own.yaml')
  await writeFile(file, text.replace('default: [gemini-3.8-flash', 'default: [local, gemini-3.8-flash'))
  const keys = { compatible: { apiKey: 'none', baseUrl: 'http://127.0.0.1:1/v1' }, openai: { apiKey: 'test-key' } }
  const { warnings } = await open(file, keys, limit)
  expect(warnings.map(({ msg, model }) => [msg, model])).toEqual([[warning, 'local']])
  expect((await open(LLM_REGISTRY, keys, limit)).warnings).toEqual([])
  // Who is not configured is not asked.
  expect((await open(file, { openai: keys.openai }, limit)).warnings).toEqual([])
})

test('without a key nobody is asked', async () => {
  const { llm } = await open(LLM_REGISTRY)
  for (const strategy of STRATEGIES) expect(llm.chain('course_structuring', strategy, null)).toEqual([])
})
