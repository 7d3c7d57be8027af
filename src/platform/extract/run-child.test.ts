import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { spawnConfined } from './confine.ts'
import { body, stalledBody } from './fixtures/input.ts'
import { gone, isRunning } from './fixtures/processes.ts'
import { defaultLimits, type ExtractLimits } from './limits.ts'
import { runChild } from './run-child.ts'

vi.setConfig({ testTimeout: 60_000 })

const MIB = 1024 * 1024
const never = new AbortController().signal
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

type Options = {
  charset?: string
  signal?: AbortSignal
  limits?: Partial<ExtractLimits>
  input?: AsyncIterable<Uint8Array>
}

async function run(program: string, { charset, signal = never, limits, input = body('текст') }: Options = {}) {
  const warn = vi.fn()
  const all = { ...defaultLimits, ...limits }
  const job = { format: 'text', article: false, charset: charset ?? null, ...all } as const
  const program_ = path(`./fixtures/program-${program}.ts`)
  const result = await runChild({ program: program_, job, body: input, limits: all, signal, log: { warn } }).catch(
    (e) => e,
  )
  const [details] = warn.mock.calls[0] ?? []
  return { result, pid: details?.pid as number, stderr: details?.stderr as string }
}

test('the child can neither write, read what is not ours, start processes or threads, nor see our environment', async () => {
  vi.stubEnv('SECRET', 'таємниця')
  onTestFinished(() => void vi.unstubAllEnvs())
  const { result } = await run('prisoner')
  expect(JSON.parse(result.chunks[0].text)).toEqual({
    env: {},
    write: 'ERR_ACCESS_DENIED',
    mkdir: 'ERR_ACCESS_DENIED',
    read: 'ERR_ACCESS_DENIED',
    readCwd: 'ERR_ACCESS_DENIED',
    spawn: 'ERR_ACCESS_DENIED',
    worker: 'ERR_ACCESS_DENIED',
  })
})

test('a parse that never ends is killed at its deadline', async () => {
  const { result, pid } = await run('endless', { limits: { parseMs: 500 } })
  expect(result).toMatchObject({ name: 'ExtractionError', code: 'extract.timeout' })
  expect(isRunning(pid)).toBe(false)
})

test('a body that does not arrive is not the fault of the document', async () => {
  const input = stalledBody()
  const { result } = await run('endless', { input, limits: { inputMs: 300 } })
  expect(result).toMatchObject({ name: 'Error', message: expect.stringContaining('300 ms') })
  expect(input.closed).toBe(true)
})

test('an abort kills the child at once', async () => {
  const controller = new AbortController()
  async function* input() {
    yield Buffer.from('текст')
    controller.abort(new Error('годі'))
  }
  const { result } = await run('endless', { input: input(), signal: controller.signal })
  expect(result).toMatchObject({ message: 'годі' })
})

test('whoever is aborted before the start starts nothing', async () => {
  const { result } = await run('endless', { signal: AbortSignal.abort(new Error('годі')) })
  expect(result).toMatchObject({ message: 'годі' })
})

test.each(['killed', 'silent', 'throws'])('a child that is %s has crashed', async (program) => {
  const { result } = await run(program)
  expect(result).toMatchObject({ name: 'ExtractionError', code: 'extract.crashed' })
})

test('what the child says on stderr is for our log, not for the customer', async () => {
  const { result, stderr } = await run('throws')
  expect(stderr).toContain('причина для журналу')
  expect(result.message).not.toContain('причина')
})

test.each([
  ['blocks', 'extract.too_large'],
  ['line', 'extract.crashed'],
  ['noise', 'extract.crashed'],
])('a flood of %s is cut off', async (charset, code) => {
  const { result, pid } = await run('floods', { charset, limits: { maxTextBytes: MIB } })
  expect(result).toMatchObject({ code })
  expect(isRunning(pid)).toBe(false)
})

test('a flood on stderr is thrown away', async () => {
  const { result, stderr } = await run('floods', { charset: 'stderr', limits: { parseMs: 2000 } })
  expect(result).toMatchObject({ code: 'extract.timeout' })
  expect(stderr.length).toBeLessThanOrEqual(8000)
})

test('a child whose heap is full', async () => {
  const { result } = await run('hogs', { charset: 'heap', limits: { maxHeapBytes: 32 * MIB } })
  expect(result).toMatchObject({ code: 'extract.out_of_memory' })
})

test.runIf(process.platform === 'linux')('a child that fills memory outside its heap', async () => {
  const { result, pid } = await run('hogs', { charset: 'buffers', limits: { maxRssBytes: 256 * MIB } })
  expect(result).toMatchObject({ code: 'extract.out_of_memory' })
  expect(isRunning(pid)).toBe(false)
})

test('an input beyond the limit is refused while it is read, and the rest of it is not', async () => {
  let read = 0
  async function* input() {
    for (; read < 1000; read += 1) yield Buffer.alloc(1000, 'а')
  }
  const { result } = await run('silent', { input: input(), limits: { maxInputBytes: 10_000 } })
  expect(result).toMatchObject({ code: 'extract.too_large' })
  expect(read).toBe(10)
})

test('an error of the body is passed on as it is', async () => {
  async function* input() {
    yield Buffer.from('текст')
    throw new Error('сховище мовчить')
  }
  expect((await run('endless', { input: input() })).result).toMatchObject({ name: 'Error', message: 'сховище мовчить' })
})

test.each([
  ['waits for its document', path('./child.ts'), ''],
  ['never looks up from its work', path('./fixtures/program-endless.ts'), 'fed'],
])('a child that %s does not outlive its parent', async (_, program, fed) => {
  const parent = spawn(process.execPath, [path('./fixtures/parent.ts'), program, fed], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = await firstNumber(parent)
  onTestFinished(() => void (isRunning(pid) && process.kill(pid, 'SIGKILL')))
  expect(isRunning(pid)).toBe(true)
  parent.kill('SIGKILL')
  await gone(pid)
})

test('a child that nobody stops is stopped by its limit of processor time', async () => {
  const child = spawnConfined(path('./fixtures/program-endless.ts'), '', { maxHeapBytes: 64 * MIB, cpuSeconds: 1 })
  child.stdin?.end()
  expect(await once(child, 'exit')).toEqual([null, 'SIGXCPU'])
})

async function firstNumber(child: ChildProcess): Promise<number> {
  for await (const piece of child.stdout ?? []) return Number(String(piece))
  throw new Error('The parent said nothing.')
}
