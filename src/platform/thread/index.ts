import { parentPort, Worker, workerData } from 'node:worker_threads'

type Message<T> = { progress: number } | { result: T }

type Options = { signal: AbortSignal; progress: (fraction: number) => void; maxHeapMb?: number }

/**
 * Runs `module` in a thread of its own, so that long computing holds up nobody, and resolves to what it gives to `serveThread`. The signal ends it at
 * once. `input` and result are copied. Rejects with the thread's own error, also when it needs more memory than `maxHeapMb`.
 */
export function runInThread<T>(
  module: URL,
  input: unknown,
  { signal, progress, maxHeapMb = 512 }: Options,
): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const thread = new Worker(module, { workerData: input, resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } })
    const onAbort = () => end(() => reject(signal.reason))
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', onAbort)
      thread.removeAllListeners()
      // Its own last error has been told already, or does not matter any more.
      thread.on('error', () => undefined)
      thread.terminate().then(settle, reject)
    }
    signal.addEventListener('abort', onAbort)
    thread.on('message', (message: Message<T>) => {
      if ('result' in message) end(() => resolve(message.result))
      else progress(message.progress)
    })
    thread.on('error', (error) => end(() => reject(error)))
    thread.on('exit', (code) => end(() => reject(new Error(`The thread ended with ${code} and without a result.`))))
  })
}

/** The other side: what a thread's module calls, once. */
export async function serveThread<Input, T>(
  work: (input: Input, progress: (fraction: number) => void) => Promise<T>,
): Promise<void> {
  const post = (message: Message<T>) => parentPort?.postMessage(message)
  post({ result: await work(workerData as Input, (fraction) => post({ progress: fraction })) })
}
