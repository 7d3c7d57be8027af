import { setImmediate } from 'node:timers/promises'
import { LLMock } from '@copilotkit/aimock'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Log } from '#platform/log/index.ts'
import { createMemoryLedger, Lesson, modelOf, PRICE, questionOf, registryOf } from './fixtures/bench.ts'
import type { Question } from './llm.ts'
import { type Model, PROVIDERS, type Provider } from './registry.ts'
import { createLlm, type RouterLimits } from './router/router.ts'

const KEY = 'sk-the-key-of-this-test-0123456789'
const LESSON = { title: 'Дроби', minutes: 20 }
const GOOD = JSON.stringify(LESSON)
// 1000 tokens in and 200 out, at 1 and 4 USD a million.
const COST = 1_000n * 1_000n + 200n * 4_000n

const mock = new LLMock({ port: 0, host: '127.0.0.1', logLevel: 'silent', chunkSize: 8 })
let base = ''
let bodies: Record<string, unknown>[] = []
let letGo = () => {}

beforeAll(async () => {
  base = await mock.start()
})
afterAll(() => mock.stop())

beforeEach(() => {
  bodies = []
  const { fetch } = globalThis
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    bodies.push(JSON.parse(String(init.body)))
    return fetch(url, init)
  })
})
afterEach(() => {
  letGo()
  vi.unstubAllGlobals()
})

type Step =
  | { content: string; finishReason?: string; cut?: true }
  | { status: number; retryAfter?: number; type?: string }
  | { hang: true }

const USAGE: Record<Provider, Record<string, number>> = {
  gemini: { promptTokenCount: 1000, candidatesTokenCount: 200 },
  anthropic: { input_tokens: 1000, output_tokens: 200 },
  openai: { prompt_tokens: 1000, completion_tokens: 200 },
  deepseek: { prompt_tokens: 1000, completion_tokens: 200 },
  compatible: { prompt_tokens: 1000, completion_tokens: 200 },
}

/** The mock's answers, in order, whatever it is asked. */
function plan(steps: [Provider, Step][]) {
  mock.clearFixtures()
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  let served = 0
  for (const [index, [provider, step]] of steps.entries()) {
    const answer: Parameters<typeof mock.on>[1] = async () => {
      served = index + 1
      if ('hang' in step) await held
      if (!('content' in step)) {
        const {
          status = 500,
          type = 'some_error',
          retryAfter,
        } = step as { status?: number; type?: string; retryAfter?: number }
        return {
          error: { message: `It failed with ${KEY}.`, type },
          status,
          ...(retryAfter !== undefined && { retryAfter }),
        }
      }
      const { content, finishReason } = step
      return { content, usage: USAGE[provider], ...(finishReason !== undefined && { finishReason }) }
    }
    const isCut = 'content' in step && step.cut === true
    mock.on({ predicate: () => served === index }, answer, isCut ? { latency: 5, truncateAfterChunks: 5 } : {})
  }
  return () => served
}

function bench(models: Model[], limits: Partial<RouterLimits> = {}, quality: Model[] = []) {
  const book = createMemoryLedger()
  const pauses: number[] = []
  const lines: { level: string; text: string }[] = []
  const writer =
    (level: string): Log['info'] =>
    (...line: unknown[]) =>
      void lines.push({ level, text: JSON.stringify(line) })
  const keys = Object.fromEntries(
    PROVIDERS.map((provider) => [
      provider,
      { apiKey: KEY, baseUrl: `${base}/${provider === 'gemini' ? 'v1beta' : 'v1'}` },
    ]),
  )
  const llm = createLlm({
    registry: registryOf({ default: models, quality }),
    keys,
    priceOf: () => PRICE,
    now: () => new Date(),
    random: () => 0.5,
    sleep: async (ms) => void pauses.push(ms),
    log: { info: writer('info'), warn: writer('warn'), error: writer('error') },
    limits,
  })
  const ask = (more: Partial<Question<typeof Lesson>> = {}) =>
    llm.ask(questionOf(book.ledger, { schema: Lesson, ...more }))
  const rows = () => book.rows.map(({ outcome, usageSource, costNanoUsd }) => [outcome, usageSource, costNanoUsd])
  return { ask, book, rows, pauses, lines }
}

const refusal = (provider: Provider) => (provider === 'anthropic' ? 'refusal' : 'content_filter')
const answered = ['answered', 'reported', COST]
const malformed = ['malformed', 'reported', COST]
const free = (outcome: string) => [outcome, 'none', 0n]

type Case = {
  name: string
  steps: (provider: Provider) => Step[]
  rows: unknown[][]
  /** The code of the failure; without it the lesson is the answer. */
  code?: string
  pauses?: number[]
}

const CASES: Case[] = [
  { name: 'an answer', steps: () => [{ content: GOOD }], rows: [answered] },
  { name: 'an answer in a fence', steps: () => [{ content: `\`\`\`json\n${GOOD}\n\`\`\`` }], rows: [answered] },
  {
    name: '429, which says when to come back',
    steps: () => [{ status: 429, retryAfter: 7 }, { content: GOOD }],
    rows: [free('rate_limited'), answered],
    pauses: [7000],
  },
  {
    name: '429 for longer than anybody waits',
    steps: () => [{ status: 429, retryAfter: 61 }],
    rows: [free('rate_limited')],
    code: 'llm.unavailable',
  },
  {
    name: '500, again and again',
    steps: () => [{ status: 500 }, { status: 503 }, { status: 529 }],
    rows: [free('server_error'), free('server_error'), free('server_error')],
    code: 'llm.unavailable',
    pauses: [500, 1000],
  },
  { name: '400', steps: () => [{ status: 400 }], rows: [free('rejected')], code: 'llm.refused' },
  ...[402, 404].map((status) => ({
    ...{ name: `${status}, which the operator has to mend`, code: 'llm.unavailable' },
    ...{ steps: () => [{ status }], rows: [free('rejected')] },
  })),
  {
    name: 'truncated JSON',
    steps: () => [{ content: GOOD.slice(0, 12) }, { content: GOOD }],
    rows: [malformed, answered],
  },
  {
    name: 'an answer that is cut off',
    steps: () => [{ content: GOOD, finishReason: 'length' }, { content: GOOD }],
    rows: [malformed, answered],
  },
  {
    name: 'a wrong shape',
    steps: () => [{ content: '{"title":"","minutes":20}' }, { content: GOOD }],
    rows: [malformed, answered],
  },
  {
    name: 'a wrong shape, twice',
    steps: () => [{ content: '{"title":""}' }, { content: '[]' }],
    rows: [malformed, malformed],
    code: 'llm.malformed',
  },
  {
    name: 'a refusal',
    steps: (provider) => [{ content: 'Ні.', finishReason: refusal(provider) }],
    rows: [['refused', 'reported', COST]],
    code: 'llm.refused',
  },
]

describe.each(PROVIDERS)('%s', (provider) => {
  const planned = (steps: Step[]) => plan(steps.map((step) => [provider, step]))

  test.each(CASES)('$name', async ({ steps, rows, code, pauses = [] }) => {
    const served = planned(steps(provider))
    const { ask, book, ...seen } = bench([modelOf(provider)])
    if (code === undefined) expect(await ask()).toEqual({ output: LESSON, provider, model: modelOf(provider).id })
    else await expect(ask()).rejects.toMatchObject({ code })
    expect(seen.rows()).toEqual(rows)
    expect(book.rows.map(({ attempt }) => attempt)).toEqual(rows.map((_, index) => index + 1))
    expect(seen.pauses).toEqual(pauses)
    expect(book.open.size).toBe(0)
    expect(book.kept).toEqual(code === undefined ? [LESSON] : [])
    expect(served()).toBe(rows.length)
  })

  test('401 is an alarm, once, that does not name the key', async () => {
    planned([{ status: 401 }, { status: 403 }])
    const { ask, rows, lines } = bench([modelOf(provider)])
    for (const _ of [1, 2]) await expect(ask()).rejects.toMatchObject({ code: 'llm.unavailable' })
    expect(rows()).toEqual([free('unauthorized'), free('unauthorized')])
    expect(lines.map(({ level }) => level)).toEqual(['error', 'warn'])
    expect(lines.map(({ text }) => text).join()).not.toContain(KEY)
    expect(lines[0]?.text).toContain(provider)
  })

  test('what is not accepted goes back with the complaints', async () => {
    const wrong = '{"title":"Дроби","minutes":0.5}'
    planned([{ content: wrong }, { content: GOOD }])
    const complain = vi.fn(() => undefined)
    await bench([modelOf(provider)]).ask({ complain })
    const [first, second] = bodies.map((body) => JSON.stringify(body))
    expect(first).not.toContain('not accepted')
    expect(second).toContain('/minutes: must be integer')
    expect(second).toContain(JSON.stringify(wrong).slice(1, -1))
    expect(complain.mock.calls).toEqual([[LESSON]])
  })

  test('what has the right shape but meets a complaint is asked for again', async () => {
    planned([{ content: GOOD }, { content: GOOD }])
    const { ask, rows } = bench([modelOf(provider)])
    await expect(ask({ complain: () => 'Бракує прикладів.' })).rejects.toMatchObject({ code: 'llm.malformed' })
    expect(rows()).toEqual([malformed, malformed])
    expect(JSON.stringify(bodies[1])).toContain('Бракує прикладів.')
  })

  test('silence ends the attempt, which may have been billed', async () => {
    planned([{ hang: true }, { hang: true }, { hang: true }])
    // Long enough for every request to reach the mock, which would else take it for one of the next test's.
    const { ask, book } = bench([modelOf(provider)], { firstByteMs: 100, silenceMs: 100 })
    await expect(ask()).rejects.toMatchObject({ code: 'llm.unavailable', kind: 'unavailable', retryAfter: 30 })
    const input = BigInt(book.rows[0]?.usage.fresh ?? 0)
    expect(input).toBeGreaterThan(50n)
    for (const { usage, costNanoUsd, ...row } of book.rows) {
      expect(row).toMatchObject({ outcome: 'timeout', usageSource: 'estimated' })
      // It may have thought all the time.
      expect(usage.output).toBeGreaterThan(0)
      expect(costNanoUsd).toBe(input * 1000n + BigInt(usage.output) * 4000n)
    }
    expect(book.rows).toHaveLength(3)
    expect(book.open.size).toBe(0)
  })

  test('a stream that breaks off is paid for as far as it came', async () => {
    planned([{ content: GOOD.repeat(20), cut: true }, { content: GOOD }])
    const { ask, book, rows } = bench([modelOf(provider)])
    expect(await ask()).toMatchObject({ output: LESSON })
    const usage = book.rows[0]?.usage
    expect(rows()[0]?.slice(0, 2)).toEqual(['network', 'estimated'])
    expect(usage?.output).toBeGreaterThan(0)
    // Of 14 pieces a lesson, and 20 of those; Anthropic's count starts with what the mock says of the whole.
    // Until the first of them it may have thought.
    const thoughts = Math.ceil((book.rows[0]?.latencyMs ?? 0) * 0.15)
    expect(usage?.output).toBeLessThanOrEqual((provider === 'anthropic' ? 200 : 40) + thoughts)
    // Anthropic tells the input as soon as a message starts.
    if (provider === 'anthropic') expect(usage?.fresh).toBe(1000)
    expect(book.rows[0]?.costNanoUsd).toBe(BigInt(usage?.fresh ?? 0) * 1000n + BigInt(usage?.output ?? 0) * 4000n)
    expect(rows()[1]).toEqual(answered)
  })

  test('an abort ends the request, and is in the ledger', async () => {
    const served = planned([{ hang: true }])
    const { ask, book, rows } = bench([modelOf(provider)])
    const abort = new AbortController()
    const asked = ask({ signal: abort.signal })
    asked.catch(() => {})
    while (served() === 0) await setImmediate()
    const reason = new Error('Enough.')
    abort.abort(reason)
    await expect(asked).rejects.toBe(reason)
    expect(rows()).toEqual([['aborted', 'estimated', expect.any(BigInt)]])
    expect(book.open.size).toBe(0)
  })

  test('nothing goes out but the question', async () => {
    planned([{ content: GOOD }])
    await bench([modelOf(provider)]).ask()
    const [body = {}] = bodies
    expect(Object.keys(body).sort()).toEqual(FIELDS[provider])
    const text = JSON.stringify(body)
    expect(text).toContain('звівши їх до спільного знаменника')
    expect(text).toContain('at most 100 characters')
    expect(text).not.toContain(KEY)
    if (provider === 'gemini') expect(body).toMatchObject({ store: false })
    if (provider === 'openai')
      expect(body).toMatchObject({ store: false, response_format: { json_schema: { strict: true } } })
  })
})

const FIELDS: Record<Provider, string[]> = {
  gemini: ['contents', 'generationConfig', 'store', 'systemInstruction'],
  anthropic: ['max_tokens', 'messages', 'model', 'output_config', 'stream', 'system'],
  openai: [
    'max_completion_tokens',
    'messages',
    'model',
    'reasoning_effort',
    'response_format',
    'store',
    'stream',
    'stream_options',
  ],
  deepseek: [
    'max_tokens',
    'messages',
    'model',
    'reasoning_effort',
    'response_format',
    'stream',
    'stream_options',
    'thinking',
  ],
  compatible: ['max_tokens', 'messages', 'model', 'response_format', 'stream', 'stream_options'],
}

test('the next models are asked in turn, then those of the default chain', async () => {
  plan([
    ['gemini', { status: 500 }],
    ['gemini', { status: 500 }],
    ['gemini', { status: 500 }],
    ['anthropic', { content: 'Ні.', finishReason: 'refusal' }],
    ['openai', { content: GOOD }],
  ])
  const { ask, book } = bench([modelOf('gemini'), modelOf('openai')], {}, [modelOf('gemini'), modelOf('anthropic')])
  expect(await ask({ strategy: 'quality' })).toEqual({
    output: LESSON,
    provider: 'openai',
    model: modelOf('openai').id,
  })
  expect(
    book.rows.map(({ strategyPath, provider, outcome, attempt }) => [strategyPath, provider, outcome, attempt]),
  ).toEqual([
    ['quality/1', 'gemini', 'server_error', 1],
    ['quality/1', 'gemini', 'server_error', 2],
    ['quality/1', 'gemini', 'server_error', 3],
    ['quality/2', 'anthropic', 'refused', 4],
    ['default/2', 'openai', 'answered', 5],
  ])
  expect(book.rows.every(({ strategy }) => strategy === 'quality')).toBe(true)
  expect(book.open.size).toBe(0)
})
