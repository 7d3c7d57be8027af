import { Type } from 'typebox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import type { CallEnd } from '#platform/llm/ledger.ts'
import type { Llm } from '#platform/llm/llm.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Ledgers } from '../ledgers.ts'
import { createSteps } from './steps.ts'

let app: TestApp

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())

test('an equal step that looked before the first was stored, and comes after that, is not bought again', async () => {
  const client = await app.as('Академія')
  const { tenantId } = client
  const { id: courseId } = await build.course(client)
  const { db } = app.services
  const late = Promise.withResolvers<void>()
  let reads = 0
  const slow: Pick<typeof db, 'forTenant'> = {
    // The second to read is not told what it has read until it is let go.
    forTenant: async (tenant, work) => {
      const isSecond = ++reads === 2
      const read = await db.forTenant(tenant, work)
      if (isSecond) await late.promise
      return read
    },
  }
  let bought = 0
  const llm: Llm = {
    chain: () => [],
    transcribe: () => Promise.reject(new Error('Nothing is heard here.')),
    ask: async ({ ledger, promptVersion }) => {
      bought++
      const output = { сума: bought }
      await second
      await ledger.settle({ provider: 'openai', model: 'm', promptVersion } as CallEnd, output)
      return { output, provider: 'openai', model: 'm' } as Awaited<ReturnType<Llm['ask']>>
    },
  }
  const ledgers: Pick<Ledgers, 'for' | 'providersOf'> = {
    providersOf: async () => null,
    for: ({ keep }) => ({
      reserve: async () => undefined,
      settle: (call, answer) => db.forTenant(tenantId, async (tx) => keep?.(tx, call, answer)),
    }),
  }
  const order = { tenantId, courseId, jobId: newId(), strategy: 'default', force: false } as const
  const steps = createSteps({ db: slow, llm, ledgers }, { ...order, signal: AbortSignal.timeout(20_000) })
  const ask = () =>
    steps.ask(
      { name: 'крок', action: 'material_analysis', materialId: null, content: 'те саме' },
      {
        ...{ promptVersion: 'read@1', system: '', parts: [], schemaName: 'x', maxOutputTokens: 100 },
        schema: Type.Object({ сума: Type.Number() }),
      },
    )
  const first = ask()
  const other = ask()
  const second = new Promise<void>((resolve) => setTimeout(resolve, 200))
  expect(await first).toEqual({ сума: 1 })
  late.resolve()
  expect([await other, bought]).toEqual([{ сума: 1 }, 1])
  await steps.close()
})
