import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { MediaError } from './errors.ts'
import { type Run, runProgram } from './run-program.ts'

const never = new AbortController().signal
const MIB = 1024 * 1024

/** Has a script of the shell run as if it were ffmpeg. */
async function run(script: string, options: Partial<Run> = {}) {
  const warn = vi.fn()
  const bounds = { ms: 20_000, memoryBytes: 0, maxStdoutBytes: MIB, signal: never, log: { warn } }
  const run = { program: 'sh', args: ['-c', script], ...bounds, ...options }
  const result: unknown = await runProgram(run).catch((error: unknown) => error)
  return { result, text: String(result), warn }
}

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'media-run-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('what a program writes, told nothing but where programs are and that text is UTF-8', async () => {
  vi.stubEnv('SECRET', 'таємниця')
  onTestFinished(() => void vi.unstubAllEnvs())
  const { text, warn } = await run('', { program: 'env', args: [] })
  expect(text.trim().split('\n').sort()).toEqual(['LANG=C.UTF-8', expect.stringMatching(/^PATH=\/usr\/local\/sbin:/)])
  expect(warn).not.toHaveBeenCalled()
})

test('arguments arrive as they are, and no shell reads them', async () => {
  const name = 'лекція № 1; $(touch біда) \'та\' "ін.".mp4'
  expect((await run('', { program: 'printf', args: ['%s', name] })).text).toBe(name)
})

test('it runs where it is told to, with less priority than we have, and nobody to ask', async () => {
  const folder = await scratch()
  const { text } = await run('pwd; nice; cat; echo далі', { cwd: folder })
  const [where, nice, next] = text.trim().split('\n')
  expect(where).toContain(folder)
  expect(Number(nice)).toBeGreaterThanOrEqual(5)
  expect(next).toBe('далі')
})

test('a program that fails says that the file cannot be read; why is for the log, not for the customer', async () => {
  const { result, warn } = await run('echo "moov atom not found" >&2; exit 1')
  expect(result).toBeInstanceOf(MediaError)
  expect(result).toMatchObject({ code: 'media.unreadable', message: expect.not.stringContaining('moov') })
  expect(warn).toHaveBeenCalledWith(
    { code: 'media.unreadable', program: 'sh', stderr: 'moov atom not found\n' },
    expect.any(String),
  )
})

test('its last words may say more', async () => {
  const faultOf = (stderr: string) => (stderr.includes('тиша') ? ('media.no_sound' as const) : undefined)
  expect((await run('echo тиша >&2; exit 1', { faultOf })).result).toMatchObject({ code: 'media.no_sound' })
  expect((await run('echo тиша >&2', { faultOf })).text).toBe('')
})

test('a program that is not installed is named to the operator', async () => {
  const { result, warn } = await run('', { program: 'no-such-program' })
  expect(result).toMatchObject({ name: 'MediaError', code: 'media.tool_missing' })
  expect(warn).toHaveBeenCalledWith(
    expect.objectContaining({ code: 'media.tool_missing', program: 'no-such-program' }),
    expect.any(String),
  )
})

test('a folder that is gone is not the fault of the file', async () => {
  const { result } = await run('true', { cwd: '/nowhere/at/all' })
  expect(result).toMatchObject({ code: 'ENOENT' })
  expect(result).not.toBeInstanceOf(MediaError)
})

test.each([
  ['killed with the whole program', 'kill -TERM $$'],
  ["ended as ffmpeg is by someone else's signal", 'exit 255'],
  ['out of disk space', 'echo "av_interleaved_write_frame(): No space left on device" >&2; exit 1'],
])('one that was %s says nothing of the file', async (_, script) => {
  const { result, warn } = await run(script)
  expect(result).toBeInstanceOf(Error)
  expect(result).not.toBeInstanceOf(MediaError)
  expect(warn).not.toHaveBeenCalled()
})

test('at its deadline it is killed, and all that it has started', async () => {
  const folder = await scratch()
  const started = Date.now()
  const { result } = await run('sleep 60 & touch "$!"; touch "$$"; wait', { ms: 500, cwd: folder })
  expect(result).toMatchObject({ name: 'MediaError', code: 'media.timeout' })
  expect(Date.now() - started).toBeLessThan(10_000)
  const pids = (await readdir(folder)).map(Number)
  expect(pids).toHaveLength(2)
  await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), 5000)
})

test('an abort kills it at once and is the reason given', async () => {
  const controller = new AbortController()
  const folder = await scratch()
  const ending = run('touch "$$"; trap "" TERM; while :; do sleep 1; done', { signal: controller.signal, cwd: folder })
  const pid = await vi.waitFor(async () => {
    const [name] = await readdir(folder)
    expect(name).toBeDefined()
    return Number(name)
  }, 10_000)
  controller.abort(new Error('годі'))
  const { result, warn } = await ending
  expect(result).toMatchObject({ name: 'Error', message: 'годі' })
  expect(warn).not.toHaveBeenCalled()
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 5000)
})

test('whoever is aborted before the start starts nothing', async () => {
  const folder = await scratch()
  const { result } = await run('touch started', { signal: AbortSignal.abort(new Error('годі')), cwd: folder })
  expect(result).toMatchObject({ message: 'годі' })
  expect(await readdir(folder)).toEqual([])
})

test('a flood on stdout is cut off, one on stderr is thrown away', async () => {
  const flood = await run('while :; do echo потоп; done', { maxStdoutBytes: 100_000 })
  expect(flood.result).toMatchObject({ code: 'media.unreadable', message: expect.stringContaining('more content') })
  const { result, warn } = await run('yes біда | head -n 100000 >&2; exit 1')
  expect(result).toMatchObject({ code: 'media.unreadable' })
  expect(warn.mock.calls[0]?.[0].stderr.length).toBeLessThanOrEqual(4000)
})

test('a child that got away does not hold the call open', async () => {
  const started = Date.now()
  const node = `require('child_process').spawn('sleep', ['12'], { detached: true, stdio: 'inherit' })`
  const { result } = await run('', { program: process.execPath, args: ['-e', node], ms: 2000 })
  expect(result).toMatchObject({ code: 'media.timeout' })
  expect(Date.now() - started).toBeLessThan(11_000)
})

test('a file grows no larger than allowed', async () => {
  const folder = await scratch()
  const { result } = await run('head -c 1000000 /dev/zero >велике', { cwd: folder, fileBytes: 100 * 512 })
  expect(result).toBeInstanceOf(MediaError)
  expect((await stat(join(folder, 'велике'))).size).toBe(100 * 512)
})

test.runIf(process.platform === 'linux')('memory is no more than allowed', async () => {
  const hog = 'x=$(head -c 40000000 /dev/zero | tr "\\0" "x"); printf %s "$x" | wc -c'
  expect((await run(hog, { memoryBytes: 30 * MIB })).result).toBeInstanceOf(MediaError)
  expect((await run(hog, { memoryBytes: 1024 * MIB })).text.trim()).toBe('40000000')
})
