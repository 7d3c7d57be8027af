import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generate, readCourse, startWithModels, TEXTS } from '../fixtures/with-models.ts'

// Two models of one provider, of which the first has no price that anybody knows.

const OWN = `models:
  own:
    { provider: openai, id: own-model, capabilities: [vision, structured_output, long_context],
      context_window: 922000, max_output: 128000 }`

let folder: string
let world: Awaited<ReturnType<typeof startWithModels>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-unpriced-'))
  const shipped = await readFile(new URL('../../../../config/llm.yaml', import.meta.url), 'utf8')
  const registryFile = join(folder, 'llm.yaml')
  const text = shipped
    .replace('models:', OWN)
    .replace('default: [gemini-3.8-flash, gpt-6.1-terra', 'default: [own, gemini-3.8-flash, gpt-6.1-terra')
  await writeFile(registryFile, text)
  world = await startWithModels({ registryFile })
})
afterAll(async () => {
  await world.close()
  await rm(folder, { recursive: true })
})

test('a model without a price is passed over for the next, where there is a budget', async () => {
  const client = await world.app.as('Академія')
  const { status, result } = await generate(client, await readCourse(client, [TEXTS.variables]))
  expect([status, result.generated_by, result.models]).toEqual(['done', 'llm', ['gpt-6.1-terra']])
  expect(result).not.toHaveProperty('unpriced_calls')
  expect((await world.calls(client.tenantId)).every(({ cost_nano_usd }) => Number(cost_nano_usd) > 0)).toBe(true)
})

test('without a budget it is asked, and its calls are counted, as their cost is in no sum', async () => {
  const client = await world.app.as('Щедрі')
  await world.tenants.setBudget('Щедрі', null)
  const { result } = await generate(client, await readCourse(client, [TEXTS.variables]))
  const calls = await world.calls(client.tenantId)
  expect(result).toMatchObject({ models: ['own-model'], cost_usd: '0', unpriced_calls: calls.length })
})
