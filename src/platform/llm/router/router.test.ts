import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Failure } from '#kernel/failure.ts'
import type { Log } from '#platform/log/index.ts'
import { createMemoryLedger, Lesson, modelOf, PRICE, questionOf, registryOf } from '../fixtures/bench.ts'
import type { CallEnd, CallStart, Ledger } from '../ledger.ts'
import type { Question } from '../llm.ts'
import type { PriceOf } from '../registry/price-list.ts'
import type { Model } from '../registry.ts'
import { createLlm, type RouterLimits } from './router.ts'

const LESSON = { title: 'Дроби', minutes: 20 }

type Handler = (response: ServerResponse, request: IncomingMessage) => void

// A server that speaks OpenAI's chat completions, as Ollama and vLLM do.
const server = createServer((request, response) => {
  request.resume().once('end', () => {
    served += 1
    const handler = handlers.length > 1 ? handlers.shift() : handlers[0]
    handler?.(response, request)
  })
})
let handlers: Handler[] = []
let served = 0
let baseUrl = ''

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})
afterEach(() => {
  handlers = []
  served = 0
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`
const piece = (content: string) => event({ choices: [{ delta: { content } }] })
const END = `${event({ choices: [{ delta: {}, finish_reason: 'stop' }] })}`
const usage = (input: number, output: number) =>
  event({ choices: [], usage: { prompt_tokens: input, completion_tokens: output } })

const begin = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' })
const good: Handler = (response) =>
  begin(response).end(`${piece(JSON.stringify(LESSON))}${END}${usage(1000, 200)}data: [DONE]\n\n`)
const fails: Handler = (response) => response.writeHead(500).end()

type Options = {
  url?: string
  models?: Model[]
  priceOf?: PriceOf
  limits?: Partial<RouterLimits>
  ledger?: Partial<Ledger>
}

function bench({
  url = baseUrl,
  models = [modelOf('compatible')],
  priceOf = () => PRICE,
  limits = {},
  ledger = {},
}: Options = {}) {
  const book = createMemoryLedger()
  const pauses: number[] = []
  const written: [level: string, line: string][] = []
  const writer = (level: string) =>
    ((...line: unknown[]) => void written.push([level, JSON.stringify(line)])) as Log['info']
  const lines = (level: string) => written.flatMap(([of, line]) => (of === level ? [line] : []))
  let ms = Date.parse('2026-03-01T10:00:00Z')
  const llm = createLlm({
    registry: registryOf({ default: models, quality: [modelOf('gemini'), ...models] }),
    keys: { compatible: { baseUrl: url }, openai: { baseUrl: url } },
    priceOf,
    now: () => new Date(ms),
    random: () => 0,
    sleep: async (pauseMs) => void pauses.push(pauseMs),
    log: { info: writer('info'), warn: writer('warn'), error: writer('error') },
    limits,
  })
  const ask = (more: Partial<Question<typeof Lesson>> = {}) =>
    llm.ask(questionOf({ ...book.ledger, ...ledger }, { schema: Lesson, ...more }))
  const pass = (by: number) => {
    ms += by
  }
  return { llm, ask, book, pauses, pass, lines, outcomes: () => book.rows.map(({ outcome }) => outcome) }
}

const second = modelOf('compatible', { name: 'second', id: 'llama' })

test('a chain has configured and allowed models, each once, then those of the default chain', async () => {
  const { llm, ask } = bench({ models: [modelOf('compatible'), modelOf('openai'), second] })
  const names = (...of: Parameters<typeof llm.chain>) => llm.chain(...of).map(({ name }) => name)
  // Gemini has no key, OpenAI has a base URL only.
  expect(names('course_structuring', 'quality', null)).toEqual(['compatible', 'second'])
  expect(names('course_structuring', 'no such', null)).toEqual(['compatible', 'second'])
  expect(names('course_structuring', 'default', ['openai'])).toEqual([])
  expect(names('no such', 'default', null)).toEqual([])
  await expect(ask({ allowed: ['anthropic'] })).rejects.toMatchObject({ kind: 'conflict', code: 'llm.not_configured' })
})

test('more is set aside than can be spent, and the price of what was spent is applied', async () => {
  handlers = [good]
  const priceOf: PriceOf = (_model, { fresh }) => (fresh > 2000 ? { ...PRICE, output: 8_000_000_000n } : PRICE)
  const { ask, book } = bench({ priceOf, models: [modelOf('compatible', { maxOutput: 3_000 })] })
  await ask()
  const [row] = book.rows as [CallEnd]
  const bytes = Buffer.byteLength(`${JSON.stringify(Lesson)}${questionOf(book.ledger, { schema: Lesson }).system}`)
  // Cache writes are the dearest input; the bound of the input is in the next tier, what was used is not.
  expect(row.maxCostNanoUsd).toBeGreaterThan(BigInt(bytes) * 1_250n + 3_000n * 8_000n)
  expect(row).toMatchObject({
    estimated: { output: 3_000 },
    price: PRICE,
    costNanoUsd: 1_800_000n,
    deadlineSeconds: 660,
  })
})

test('an unknown price is no price', async () => {
  handlers = [good]
  const { ask, book } = bench({ priceOf: () => null })
  await ask()
  expect(book.rows[0]).toMatchObject({
    maxCostNanoUsd: null,
    costNanoUsd: null,
    price: null,
    usage: { fresh: 1000, output: 200 },
  })
})

const budgetExceeded = new Failure('payment_required', 'budget.exceeded', 'No.')
const unpriced = new Failure('payment_required', 'llm.unpriced', 'No.')
const refusing = (failure: Failure, when: (call: CallStart) => boolean) => ({
  reserve: async (call: CallStart) => {
    if (when(call)) throw failure
  },
  settle: async () => {},
})

test('an exhausted budget ends the question at once, and nothing is sent', async () => {
  const { ask } = bench({ models: [modelOf('compatible'), second], ledger: refusing(budgetExceeded, () => true) })
  await expect(ask()).rejects.toBe(budgetExceeded)
  expect(served).toBe(0)
})

test('a model without a price is passed over', async () => {
  handlers = [good]
  const models = [modelOf('compatible'), second]
  const { ask } = bench({ models, ledger: refusing(unpriced, ({ model }) => model !== 'llama') })
  expect(await ask()).toMatchObject({ model: 'llama' })
  const { ask: askAgain } = bench({ models, ledger: refusing(unpriced, () => true) })
  await expect(askAgain()).rejects.toBe(unpriced)
  expect(served).toBe(1)
})

test('an answer is written down even if the ledger is away for a moment, and not lost in silence', async () => {
  handlers = [good]
  let failures = 2
  const book = createMemoryLedger()
  const settle: Ledger['settle'] = async (...args) => {
    failures -= 1
    if (failures >= 0) throw new Error('The database is away.')
    return book.ledger.settle(...args)
  }
  const { ask, pauses } = bench({ ledger: { ...book.ledger, settle } })
  await ask()
  expect([book.rows.length, book.open.size, book.kept]).toEqual([1, 0, [LESSON]])
  expect(pauses).toEqual([200, 1000])
  failures = 9
  await expect(ask()).rejects.toThrow('The database is away.')
  expect(book.open.size).toBe(1)
})

test('a database that is away for longer does not cost the answer', async () => {
  handlers = [good]
  let failures = 12
  const book = createMemoryLedger()
  const settle: Ledger['settle'] = async (...args) => {
    failures -= 1
    if (failures >= 0) throw new Failure('unavailable', 'service.unavailable', 'The database is away.')
    return book.ledger.settle(...args)
  }
  const { ask, pauses } = bench({ ledger: { ...book.ledger, settle } })
  expect(await ask()).toMatchObject({ output: LESSON })
  expect([book.rows.length, book.open.size, book.kept]).toEqual([1, 0, [LESSON]])
  const passed = pauses.reduce((a, b) => a + b)
  expect(passed).toBeGreaterThan(90_000)
  failures = 99
  await expect(ask()).rejects.toMatchObject({ kind: 'unavailable' })
  expect(pauses.reduce((a, b) => a + b) - passed).toBeLessThan(120_000)
})

test('figures that the ledger does not take are written down as they were estimated', async () => {
  handlers = [good]
  const book = createMemoryLedger()
  const settle: Ledger['settle'] = async (call, answer) => {
    if (call.usageSource === 'reported') throw Object.assign(new Error('out of range'), { code: '22003' })
    return book.ledger.settle(call, answer)
  }
  const { ask, lines } = bench({ ledger: { ...book.ledger, settle } })
  expect(await ask()).toMatchObject({ output: LESSON })
  expect([book.rows.length, book.open.size, book.kept]).toEqual([1, 0, [LESSON]])
  const [{ estimated, usage } = { estimated: {}, usage: undefined }] = book.rows
  expect(usage).toEqual(estimated)
  expect(book.rows[0]).toMatchObject({ outcome: 'answered', usageSource: 'estimated' })
  expect(lines('error')).toHaveLength(1)
})

test.each([
  ['output', usage(1000, 1e18)],
  ['input', usage(1e18, 200)],
])('a lie about the %s costs no more than was set aside', async (_name, lie) => {
  handlers = [(response) => begin(response).end(`${piece(JSON.stringify(LESSON))}${END}${lie}data: [DONE]\n\n`)]
  const { ask, book, lines } = bench()
  expect(await ask()).toMatchObject({ output: LESSON })
  const [row] = book.rows as [CallEnd]
  expect(row).toMatchObject({ outcome: 'answered', usageSource: 'estimated' })
  expect(row.costNanoUsd).toBeLessThanOrEqual(row.maxCostNanoUsd ?? 0n)
  expect(lines('error').join()).toContain('more usage than is possible')
})

test('a price that rises meanwhile costs no more than was set aside', async () => {
  handlers = [good]
  let asked = 0
  const dear = { ...PRICE, output: 1_000_000_000_000n }
  const { ask, book, lines } = bench({ priceOf: () => (++asked > 3 ? dear : PRICE) })
  await ask()
  const [row] = book.rows as [CallEnd]
  expect(row).toMatchObject({ usageSource: 'estimated', costNanoUsd: row.maxCostNanoUsd })
  expect(lines('error')).toHaveLength(1)
})

test('an end of time as the time to come back is no more than a quarter of an hour', async () => {
  handlers = [(response) => response.writeHead(429, { 'retry-after': '999999999' }).end()]
  await expect(bench().ask()).rejects.toMatchObject({ code: 'llm.unavailable', retryAfter: 900 })
  expect(served).toBe(1)
})

test('thoughts that are cut before anything is shown are paid for', async () => {
  const { ask, book, pass } = bench()
  const abort = new AbortController()
  handlers = [
    (response) => {
      pass(4_000)
      const role = event({ choices: [{ delta: { role: 'assistant', content: '' } }] })
      begin(response).write(role, () => abort.abort(new Error('Enough.')))
    },
  ]
  await expect(ask({ signal: abort.signal })).rejects.toThrow('Enough.')
  expect(book.rows).toMatchObject([{ outcome: 'aborted', usageSource: 'estimated', usage: { output: 600 } }])
})

test('a complaint that fails itself is a defect of ours, and the answer is paid for', async () => {
  handlers = [good]
  const { ask, book, outcomes } = bench()
  const complain = () => {
    throw new TypeError('defect')
  }
  await expect(ask({ complain })).rejects.toThrow('defect')
  expect([outcomes(), book.open.size]).toEqual([['malformed'], 0])
})

test('a provider that fails is left alone, then tried once, then asked again', async () => {
  handlers = [fails]
  const { ask, outcomes, pass } = bench()
  await expect(ask()).rejects.toMatchObject({ code: 'llm.unavailable' })
  // Two more faults open it, in the middle of this question.
  await expect(ask()).rejects.toMatchObject({ code: 'llm.unavailable', retryAfter: 30 })
  expect(outcomes()).toEqual(Array(5).fill('server_error'))
  await expect(ask()).rejects.toMatchObject({ code: 'llm.unavailable', retryAfter: 30 })
  expect(served).toBe(5)
  pass(30_000)
  handlers = [good]
  expect(await ask()).toMatchObject({ output: LESSON })
  expect(await ask()).toMatchObject({ output: LESSON })
  expect(served).toBe(7)
})

test('4xx and wrong answers do not open the circuit', async () => {
  handlers = [(response) => response.writeHead(400).end()]
  const { ask } = bench()
  for (let n = 0; n < 8; n += 1) await expect(ask()).rejects.toMatchObject({ code: 'llm.refused' })
  handlers = [good]
  expect(await ask()).toMatchObject({ output: LESSON })
})

test('requests at one provider are bounded, and whoever waits may leave', async () => {
  const waiting: ServerResponse[] = []
  handlers = [(response) => void waiting.push(response)]
  const { ask, book } = bench({ limits: { perProvider: 2 } })
  const abort = new AbortController()
  const reason = new Error('Enough.')
  const first = [ask(), ask()]
  const third = ask({ signal: abort.signal })
  const fourth = ask()
  while (waiting.length < 2) await setImmediate()
  abort.abort(reason)
  await expect(third).rejects.toBe(reason)
  expect(book.open.size).toBe(2)
  handlers = [good]
  for (const response of waiting) good(response, response.req)
  expect(await Promise.all([...first, fourth])).toHaveLength(3)
  expect([book.rows.length, served]).toEqual([3, 3])
})

test('an abort closes the connection', async () => {
  const closed = Promise.withResolvers<void>()
  const abort = new AbortController()
  handlers = [
    (response) => {
      response.once('close', closed.resolve)
      begin(response).write(piece('{"title":"Дро'), () => abort.abort(new Error('Enough.')))
    },
  ]
  const { ask, outcomes } = bench()
  await expect(ask({ signal: abort.signal })).rejects.toThrow('Enough.')
  await closed.promise
  expect(outcomes()).toEqual(['aborted'])
})

test('every attempt has a connection of its own', async () => {
  const sockets = new Set<unknown>()
  handlers = [
    (response, request) => {
      sockets.add(request.socket)
      good(response, request)
    },
  ]
  const { ask } = bench()
  for (let n = 0; n < 3; n += 1) await ask()
  expect(sockets.size).toBe(3)
})

test('nothing is sent for a question that is given up already', async () => {
  const { ask, book } = bench()
  await expect(ask({ signal: AbortSignal.abort(new Error('Enough.')) })).rejects.toThrow('Enough.')
  expect([served, book.rows.length, book.open.size]).toEqual([0, 0, 0])
})

test('a question that is given up while its money is set aside costs nothing', async () => {
  const abort = new AbortController()
  const book = createMemoryLedger()
  const reserve: Ledger['reserve'] = async (call) => {
    await book.ledger.reserve(call)
    abort.abort(new Error('Enough.'))
  }
  const { ask } = bench({ ledger: { ...book.ledger, reserve } })
  await expect(ask({ signal: abort.signal })).rejects.toThrow('Enough.')
  expect(served).toBe(0)
  expect(book.rows).toMatchObject([{ outcome: 'aborted', usageSource: 'none', costNanoUsd: 0n }])
})

const ODD: [string, Handler, Partial<RouterLimits>, object][] = [
  [
    'silence in the middle',
    (r) => void begin(r).write(piece('{')),
    { silenceMs: 30 },
    { outcome: 'timeout', usageSource: 'estimated' },
  ],
  [
    'an answer that takes too long, though never silent',
    (r) => {
      begin(r)
      const timer = setInterval(() => r.write(': still here\n\n'), 5)
      r.once('close', () => clearInterval(timer))
    },
    { attemptMs: 60 },
    { outcome: 'timeout', usageSource: 'estimated' },
  ],
  [
    'more text than anybody wants',
    (r) => void begin(r).write(piece('x'.repeat(600)).repeat(2)),
    { maxCharacters: 1000 },
    { outcome: 'malformed', usageSource: 'estimated' },
  ],
  [
    'bytes without end',
    (r) => void begin(r).write('x'.repeat(2000)),
    { maxBytes: 1000 },
    { outcome: 'malformed', usageSource: 'estimated' },
  ],
  [
    'an error in the stream',
    (r) => begin(r).end(`${piece('{')}${event({ error: { message: 'Out of memory.', code: 'oom' } })}`),
    {},
    { outcome: 'server_error', usageSource: 'estimated' },
  ],
  [
    'what is no JSON',
    (r) => begin(r).end(`${piece('{')}data: {{{\n\n`),
    {},
    { outcome: 'server_error', usageSource: 'estimated' },
  ],
  ['an end without an end', (r) => begin(r).end(piece(JSON.stringify(LESSON))), {}, { usageSource: 'estimated' }],
  ['a broken connection', (r) => void r.socket?.destroy(), {}, { outcome: 'network', usageSource: 'estimated' }],
  [
    'a redirect, which would take the key along',
    (r, q) => (q.url === '/elsewhere' ? good(r, q) : void r.writeHead(307, { location: '/elsewhere' }).end()),
    {},
    { outcome: 'network' },
  ],
  [
    'no count of tokens',
    (r) => begin(r).end(`${piece(JSON.stringify(LESSON))}${END}`),
    {},
    { outcome: 'answered', usageSource: 'estimated' },
  ],
  [
    'a count of zero',
    (r) => begin(r).end(`${piece(JSON.stringify(LESSON))}${END}${usage(0, 0)}`),
    {},
    { outcome: 'answered', usageSource: 'estimated' },
  ],
]

test.each(ODD)('%s', async (_name, handler, limits, row) => {
  handlers = [handler]
  const { ask, book } = bench({ limits })
  await ask().catch((error) => expect(error).toBeInstanceOf(Failure))
  expect(book.rows[0]).toMatchObject(row)
  expect(book.rows[0]?.costNanoUsd).toBeGreaterThan(0n)
  expect(book.open.size).toBe(0)
})

test('a server that is not there costs nothing', async () => {
  const gone = createServer()
  await once(gone.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(gone.address() as AddressInfo).port}/v1`
  await once(gone.close(), 'close')
  const { ask, book } = bench({ url })
  await expect(ask()).rejects.toMatchObject({ code: 'llm.unavailable' })
  expect(book.rows.map(({ outcome, usageSource }) => [outcome, usageSource])).toEqual(
    Array(3).fill(['network', 'none']),
  )
})
