import type { FastifyReply, FastifyRequest } from 'fastify'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TenantTx } from '#platform/db/database.ts'
import { type AnswerStore, createOnce, fingerprintOf } from './once.ts'

const TX = {} as TenantTx

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function world(store: Partial<AnswerStore> = {}) {
  const calls: string[] = []
  const answers: unknown[] = []
  const warned: unknown[] = []
  const once = createOnce({
    claim: async () => ({ kind: 'claimed' }),
    renew: async () => void calls.push('renew'),
    settle: async () => void calls.push('settle'),
    free: async () => void calls.push('free'),
    ...store,
  })
  const request = {
    method: 'POST',
    url: '/courses',
    routeOptions: { url: '/courses' },
    params: {},
    headers: { 'idempotency-key': 'k' },
    body: {},
    caller: { tenantId: 't' },
    log: { warn: (line: unknown) => warned.push(line) },
  } as unknown as FastifyRequest
  const reply = {
    code: () => reply,
    header: () => reply,
    send: (body: unknown) => answers.push(body),
  } as unknown as FastifyReply
  const run = (work: Parameters<typeof once<string>>[2]['work']) =>
    once<string>(request, reply, { work, answer: (body) => ({ status: 201, body }) })
  return { run, calls, answers, warned }
}

test('a claim is renewed as long as its work goes on, and no longer', async () => {
  const { run, calls } = world()
  const done = Promise.withResolvers<void>()
  const running = run(async (settle) => {
    await done.promise
    await settle(TX, 'готово')
    return 'готово'
  })
  await vi.advanceTimersByTimeAsync(65_000)
  // A lease lasts 60 s: one renewal may fail.
  expect(calls).toEqual(['renew', 'renew', 'renew'])
  done.resolve()
  await running
  await vi.advanceTimersByTimeAsync(65_000)
  expect(calls).toEqual(['renew', 'renew', 'renew', 'settle'])
})

test('work that failed frees the key, and its own error is told even when that fails, too', async () => {
  const { run, calls } = world()
  await expect(run(() => Promise.reject(new Error('не вийшло')))).rejects.toThrow('не вийшло')
  expect(calls).toEqual(['free'])
  const broken = world({ free: () => Promise.reject(new Error('no database')) })
  await expect(broken.run(() => Promise.reject(new Error('не вийшло')))).rejects.toThrow('не вийшло')
  expect(broken.warned).toHaveLength(1)
})

test('work whose claim was lost answers nothing', async () => {
  const { run, answers, calls } = world({ settle: () => Promise.reject(new Error('lost')) })
  const running = run(async (settle) => {
    await settle(TX, 'готово')
    return 'готово'
  })
  await expect(running).rejects.toThrow('lost')
  expect([answers, calls]).toEqual([[], ['free']])
})

test('a payload is the same in whatever order its fields come, and else another', () => {
  expect(fingerprintOf({ a: 1, b: [{ c: 'ї', d: null }] })).toBe(fingerprintOf({ b: [{ d: null, c: 'ї' }], a: 1 }))
  const others = [{ a: '1' }, { a: [1] }, { a: 1, b: undefined }, { 'a":1,"b': 1 }, ['a', 1], null, 'null', { a: null }]
  const marks = [{ a: 1 }, ...others].map(fingerprintOf)
  expect(new Set(marks).size).toBe(marks.length)
})
