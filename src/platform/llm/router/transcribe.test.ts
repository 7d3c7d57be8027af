import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { Failure } from '#kernel/failure.ts'
import type { Log } from '#platform/log/index.ts'
import type { Fault } from '#test/fakes/llm/faults.ts'
import { type Model as Mock, startModel } from '#test/fakes/llm/server.ts'
import { createMemoryLedger, modelOf, PRICE, recordingOf, registryOf } from '../fixtures/bench.ts'
import type { CallStart, Ledger } from '../ledger.ts'
import type { Recording } from '../llm.ts'
import type { PriceOf } from '../registry/price-list.ts'
import type { Model } from '../registry.ts'
import { createLlm, type RouterLimits } from './router.ts'

// What is transcribed, over the wire: what goes out, what comes back, and what every way to fail costs.

const KEY = 'sk-the-key-of-this-test-0123456789'
const HOURLY = { ...PRICE, input: 0n, cacheRead: 0n, cacheWrite: 0n, output: 0n, hour: 360_000_000n }
// 12 s at 0.36 USD an hour.
const COST = 1_200_000n

let mock: Mock
beforeAll(async () => {
  mock = await startModel()
})
afterEach(() => mock.reset())
afterAll(() => mock.close())

const whisper = (provider: 'openai' | 'compatible', more: Partial<Model> = {}) =>
  modelOf(provider, { id: 'whisper-1', capabilities: ['transcription'], contextWindow: 0, maxOutput: 0, ...more })

type Options = { limits?: Partial<RouterLimits>; ledger?: Partial<Ledger>; priceOf?: PriceOf }

function bench(models: Model[], { limits = {}, ledger = {}, priceOf = () => HOURLY }: Options = {}) {
  const book = createMemoryLedger()
  const pauses: number[] = []
  const lines: string[] = []
  const writer: Log['info'] = (...line: unknown[]) => void lines.push(JSON.stringify(line))
  const llm = createLlm({
    registry: registryOf({ default: models }),
    keys: { openai: { apiKey: KEY, baseUrl: mock.baseUrls.openai }, compatible: { baseUrl: mock.baseUrls.compatible } },
    priceOf,
    now: () => new Date(),
    random: () => 0.5,
    sleep: async (ms) => void pauses.push(ms),
    log: { info: writer, warn: writer, error: writer },
    limits,
  })
  const transcribe = (more: Partial<Recording> = {}) => llm.transcribe(recordingOf({ ...book.ledger, ...ledger }, more))
  const rows = () => book.rows.map(({ outcome, usageSource, costNanoUsd }) => [outcome, usageSource, costNanoUsd])
  return { llm, transcribe, book, rows, pauses, lines }
}

const answered = ['answered', 'reported', COST]
const estimated = (outcome: string) => [outcome, 'estimated', COST]
const free = (outcome: string) => [outcome, 'none', 0n]

const said = (segments: unknown, more: object = { duration: 12 }): Fault => ({
  kind: 'answer',
  content: { text: 'Є.', segments, ...more },
})

type Case = {
  name: string
  faults: Fault[]
  rows: unknown[][]
  code?: string
  pauses?: number[]
  limits?: Partial<RouterLimits>
}

const CASES: Case[] = [
  { name: 'an answer', faults: [], rows: [answered] },
  {
    name: '429, which says when to come back',
    faults: [{ kind: 'status', status: 429, retryAfter: '7' }],
    rows: [free('rate_limited'), answered],
    pauses: [7000],
  },
  {
    name: '429 for longer than anybody waits',
    faults: [{ kind: 'status', status: 429, retryAfter: '61' }],
    rows: [free('rate_limited')],
    code: 'llm.unavailable',
  },
  {
    name: '500, again and again',
    faults: [500, 502, 503].map((status) => ({ kind: 'status', status })),
    rows: Array(3).fill(free('server_error')),
    code: 'llm.unavailable',
    pauses: [500, 1000],
  },
  {
    name: '400, as of a model that tells no times',
    faults: [{ kind: 'status', status: 400 }],
    rows: [free('rejected')],
    code: 'llm.refused',
  },
  {
    name: '401',
    faults: [{ kind: 'status', status: 401 }],
    rows: [free('unauthorized')],
    code: 'llm.unavailable',
  },
  {
    name: 'truncated JSON',
    faults: [{ kind: 'truncated' }],
    rows: [estimated('malformed'), answered],
  },
  {
    name: 'a wrong shape',
    faults: [{ kind: 'wrong-schema' }],
    rows: [estimated('malformed'), answered],
  },
  {
    name: 'a wrong shape, twice',
    faults: [said(undefined), said([{ start: 0, end: 'x', text: '' }])],
    rows: Array(2).fill(['malformed', 'reported', COST]),
    code: 'llm.malformed',
  },
  {
    name: 'a response that is cut',
    faults: [{ kind: 'cut' }],
    rows: [estimated('network'), answered],
    pauses: [500],
  },
  {
    name: 'a connection that is closed',
    faults: [{ kind: 'reset' }],
    rows: [estimated('network'), answered],
    pauses: [500],
  },
  {
    name: 'a response that stalls',
    faults: [{ kind: 'stall' }],
    rows: [estimated('timeout'), answered],
    limits: { silenceMs: 50 },
    pauses: [500],
  },
]

describe.each(['openai', 'compatible'] as const)('%s', (provider) => {
  test.each(CASES)('$name', async ({ faults, rows, code, pauses = [], limits = {} }) => {
    mock.fail(...faults)
    const { transcribe, book, ...seen } = bench([whisper(provider)], { limits })
    if (code === undefined) {
      const { segments, ...who } = await transcribe()
      expect(who).toEqual({ provider, model: 'whisper-1' })
      expect(segments.map(({ start, end }) => [start, end])).toEqual([
        [0, 5],
        [5, 10],
        [10, 12],
      ])
      expect(book.kept).toEqual([segments])
    } else {
      await expect(transcribe()).rejects.toMatchObject({ code })
      expect(book.kept).toEqual([])
    }
    expect(seen.rows()).toEqual(rows)
    expect(book.rows.map(({ attempt }) => attempt)).toEqual(rows.map((_, index) => index + 1))
    expect(seen.pauses).toEqual(pauses)
    expect(book.open.size).toBe(0)
    expect(mock.calls).toHaveLength(rows.length)
    expect(seen.lines.join()).not.toContain(KEY)
  })

  test('nothing goes out but the sound, under a name that says nothing', async () => {
    const bytes = new Uint8Array([0, 255, 13, 10, 45, 45, 1])
    mock.fail(said([]))
    await bench([whisper(provider)]).transcribe({ bytes, mediaType: 'audio/mpeg; codecs=mp3' })
    const [call] = mock.calls
    expect(call?.path).toBe('/v1/audio/transcriptions')
    expect(call?.sound).toEqual({
      fields: { model: 'whisper-1', response_format: 'verbose_json', 'timestamp_granularities[]': 'segment' },
      file: { name: 'piece.mp3', mediaType: 'audio/mpeg', bytes },
    })
    expect(call?.headers.authorization).toBe(provider === 'openai' ? `Bearer ${KEY}` : undefined)
    // What the connection itself needs, and nothing of ours.
    expect(
      Object.keys(call?.headers ?? {})
        .filter((name) => name !== 'authorization')
        .toSorted(),
    ).toEqual([
      ...['accept', 'accept-encoding', 'accept-language', 'connection', 'content-length', 'content-type', 'host'],
      ...['sec-fetch-mode', 'user-agent'],
    ])
  })
})

test('silence is an empty list, and is paid for', async () => {
  mock.fail({ kind: 'answer', content: { text: '', segments: [], duration: 12 } })
  const { transcribe, rows, book } = bench([whisper('openai')])
  expect((await transcribe()).segments).toEqual([])
  expect(rows()).toEqual([answered])
  expect(book.kept).toEqual([[]])
})

test('a model that never answers is waited for in proportion to the sound', async () => {
  mock.fail(...Array.from({ length: 3 }, () => ({ kind: 'silence' as const })))
  const { transcribe, book } = bench([whisper('openai')], { limits: { soundMs: 40, firstByteMs: 1, attemptMs: 1 } })
  await expect(transcribe({ milliseconds: 100 })).rejects.toMatchObject({ code: 'llm.unavailable' })
  expect(book.rows.map(({ outcome, latencyMs }) => [outcome, latencyMs >= 85])).toEqual(
    Array(3).fill(['timeout', true]),
  )
})

test('the deadline is what the ledger is told', async () => {
  const { transcribe, book } = bench([whisper('openai')])
  await transcribe({ milliseconds: 600_000 })
  expect(book.rows[0]).toMatchObject({ deadlineSeconds: 60 + 300 + 60, promptVersion: 'pieces@1' })
})

test('more is set aside than can be spent; the dearer of two lengths is paid for, and told', async () => {
  mock.fail(
    said([], { text: '', duration: '12.2', usage: { type: 'duration', seconds: 15 } }),
    said([], { text: '', duration: 3 }),
  )
  const { transcribe, book, lines } = bench([whisper('compatible')])
  for (const _ of [1, 2]) await transcribe()
  expect(book.rows.map(({ usage, costNanoUsd }) => [usage.milliseconds, costNanoUsd])).toEqual([
    [15_000, 1_500_000n],
    [12_000, COST],
  ])
  expect(book.rows[0]?.maxCostNanoUsd).toBeGreaterThanOrEqual(2_000_000n)
  expect(lines.join()).toContain('of 12000 ms of sound, 15000 are reported')
  expect(lines.join()).toContain('of 12000 ms of sound, 3000 are reported')
})

test('an abort ends the request, and is in the ledger', async () => {
  mock.fail({ kind: 'silence' })
  const { transcribe, book, rows } = bench([whisper('openai')])
  const abort = new AbortController()
  const transcribing = transcribe({ signal: abort.signal })
  transcribing.catch(() => {})
  await mock.called(1)
  const reason = new Error('Досить.')
  abort.abort(reason)
  await expect(transcribing).rejects.toBe(reason)
  expect(rows()).toEqual([estimated('aborted')])
  expect(book.open.size).toBe(0)
})

test('the next model is asked when one has no price or does not answer', async () => {
  mock.fail({ kind: 'status', status: 400 })
  const unpriced = new Failure('payment_required', 'llm.unpriced', 'No.')
  const book = createMemoryLedger()
  const ledger = {
    reserve: async (call: CallStart) => {
      if (call.price === null) throw unpriced
      await book.ledger.reserve(call)
    },
    settle: book.ledger.settle,
  }
  const models = [
    whisper('compatible', { name: 'own', id: 'own' }),
    whisper('openai'),
    whisper('compatible', { id: 'third' }),
  ]
  const { transcribe, llm } = bench(models, { ledger, priceOf: ({ id }) => (id === 'own' ? null : HOURLY) })
  expect(await transcribe()).toMatchObject({ provider: 'compatible', model: 'third' })
  expect(book.rows.map(({ model, strategyPath, outcome }) => [model, strategyPath, outcome])).toEqual([
    ['whisper-1', 'default/2', 'rejected'],
    ['third', 'default/3', 'answered'],
  ])
  expect(llm.chain('course_structuring', 'default', ['openai']).map(({ id }) => id)).toEqual(['whisper-1'])
  await expect(transcribe({ allowed: ['gemini'] })).rejects.toMatchObject({ code: 'llm.not_configured' })
})

test('an exhausted budget sends nothing', async () => {
  const exceeded = new Failure('payment_required', 'budget.exceeded', 'No.')
  const reserve = vi.fn(async () => Promise.reject(exceeded))
  await expect(bench([whisper('openai')], { ledger: { reserve } }).transcribe()).rejects.toBe(exceeded)
  expect(mock.calls).toEqual([])
})

test.each([
  ['nothing', { bytes: new Uint8Array() }, RangeError],
  ['more than 25 MB', { bytes: new Uint8Array(25_000_001) }, RangeError],
  ['half a millisecond', { milliseconds: 0.5, bytes: new Uint8Array(9) }, RangeError],
])('%s is not sent', async (_name, more, error) => {
  const { transcribe, book } = bench([whisper('openai')])
  await expect(transcribe(more)).rejects.toThrow(error)
  expect([book.rows, mock.calls]).toEqual([[], []])
})

test('five faults in a row, and the provider is left alone', async () => {
  mock.fail(...Array.from({ length: 5 }, () => ({ kind: 'status' as const, status: 500 })))
  const { transcribe } = bench([whisper('openai')])
  for (const _ of [1, 2, 3]) await expect(transcribe()).rejects.toMatchObject({ code: 'llm.unavailable' })
  expect(mock.calls).toHaveLength(5)
})
