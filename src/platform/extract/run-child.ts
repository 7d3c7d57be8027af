import type { ChildProcess } from 'node:child_process'
import type { Writable } from 'node:stream'
import { createCollector, type Extracted } from './collector.ts'
import { spawnConfined } from './confine.ts'
import { ExtractionError } from './errors.ts'
import type { ExtractLimits } from './limits.ts'
import { watchMemory } from './memory-watch.ts'
import type { Job } from './protocol.ts'

export type ExtractLog = { warn(details: Record<string, unknown>, message: string): void }

type Run = {
  /** The path of the child's program. */
  program: string
  job: Job
  body: AsyncIterable<Uint8Array>
  limits: ExtractLimits
  signal: AbortSignal
  log: ExtractLog | undefined
}

type Ending = { code: number | null; signal: NodeJS.Signals | null }

/** Collecting garbage and compiling have threads of their own: processor time passes faster than the clock. */
const CPU_PER_CLOCK = 3
const MAX_STDERR_CHARS = 8_000

/**
 * Has one document read by a child of its own, which does not outlive the call. Rejects with an `ExtractionError` where the
 * document is at fault, with the signal's reason when aborted, and with the body's own error when it cannot be read.
 */
export async function runChild({ program, job, body, limits, signal, log }: Run): Promise<Extracted> {
  signal.throwIfAborted()
  const source = body[Symbol.asyncIterator]()
  const child = spawnConfined(program, JSON.stringify(job), {
    maxHeapBytes: limits.maxHeapBytes,
    cpuSeconds: Math.ceil(limits.parseMs / 1000) * CPU_PER_CLOCK,
  })
  const collector = createCollector(limits)
  let stopped: { reason: unknown } | undefined
  let timer: NodeJS.Timeout | undefined
  let over = false

  function stop(reason: unknown): void {
    stopped ??= { reason }
    child.kill('SIGKILL')
  }
  function setDeadline(ms: number, reason: () => unknown): void {
    clearTimeout(timer)
    if (!over) timer = setTimeout(() => stop(reason()), ms)
  }

  const ended = endOf(child)
  const stderr = collectStderr(child)
  const abort = () => stop(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const memory = watchMemory(child.pid ?? 0, limits.maxRssBytes, () =>
    stop(new ExtractionError('extract.out_of_memory')),
  )
  child.stdout?.on('data', (bytes: Buffer) => {
    try {
      if (!stopped) collector.push(bytes)
    } catch (error) {
      stop(error)
    }
  })
  setDeadline(limits.inputMs, () => new Error(`The document did not arrive within ${limits.inputMs} ms.`))

  const fed = feed(source, child, limits.maxInputBytes).then(
    () => setDeadline(limits.parseMs, () => new ExtractionError('extract.timeout')),
    stop,
  )
  try {
    await Promise.race([fed, ended])
    const ending = await ended
    if (stopped) throw stopped.reason
    return resultOf(ending, collector, stderr())
  } catch (error) {
    if (error instanceof ExtractionError)
      log?.warn({ code: error.code, pid: child.pid, stderr: stderr() }, error.message)
    throw error
  } finally {
    over = true
    clearTimeout(timer)
    memory.stop()
    signal.removeEventListener('abort', abort)
    // Not awaited: a source in the middle of a read may take as long as it likes to close.
    source.return?.().catch(() => undefined)
  }
}

/** Gives the child the document, no faster than it reads. */
async function feed(source: AsyncIterator<Uint8Array>, child: ChildProcess, maxBytes: number): Promise<void> {
  const stdin = child.stdin as Writable
  let bytes = 0
  for (let next = await source.next(); !next.done; next = await source.next()) {
    bytes += next.value.byteLength
    if (bytes > maxBytes) throw new ExtractionError('extract.too_large', 'The file is larger than can be processed.')
    if (stdin.destroyed) return
    if (!stdin.write(next.value)) await drained(stdin)
  }
  stdin.end()
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      stream.off('drain', go).off('close', go)
      resolve()
    }
    stream.on('drain', go).on('close', go)
  })
}

function resultOf({ code, signal }: Ending, collector: ReturnType<typeof createCollector>, stderr: string): Extracted {
  // V8 ends the process when its heap is full; the signal differs between versions and systems, the words do not.
  if (/FATAL ERROR:.*(?:heap|memory)/i.test(stderr)) throw new ExtractionError('extract.out_of_memory')
  if (signal === 'SIGXCPU') throw new ExtractionError('extract.timeout')
  // Someone stops the whole program: that says nothing of the document.
  if (signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGHUP')
    throw new Error('The extraction was interrupted.')
  if (signal !== null || code !== 0) {
    throw new ExtractionError('extract.crashed', undefined, { cause: new Error(`Exit ${code ?? signal}`) })
  }
  return collector.result()
}

function endOf(child: ChildProcess): Promise<Ending> {
  // A pipe of a dead child fails; how the child ended says why.
  for (const pipe of child.stdio) pipe?.on('error', () => undefined)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

/** The end of what the child says: its last words are the ones that explain. */
function collectStderr(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    text = (text + bytes.toString('utf8')).slice(-MAX_STDERR_CHARS)
  })
  return () => text
}
