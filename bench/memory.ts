import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Often enough for a program of a tenth of a second; the kernel keeps the peak of each, so that only one's last moments may be missed. */
const EVERY_MS = 5

/** The most that any one of the processes below this one had resident while `work` ran, in bytes, and how long it took. */
export async function watchChildren<T>(work: () => Promise<T>): Promise<{ result: T; ms: number; peakBytes: number }> {
  let isDone = false
  let peakBytes = 0
  const watching = (async () => {
    while (!isDone) {
      for (const pid of await below(process.pid)) peakBytes = Math.max(peakBytes, await peakOf(pid))
      await sleep(EVERY_MS)
    }
  })()
  const started = performance.now()
  try {
    const result = await work()
    return { result, ms: performance.now() - started, peakBytes }
  } finally {
    isDone = true
    await watching
  }
}

/** proc_pid_task(5): children are told by the thread that made them. */
async function below(pid: number): Promise<number[]> {
  const own = (await read(`/proc/${pid}/task/${pid}/children`)).split(' ').filter(Boolean).map(Number)
  return [...own, ...(await Promise.all(own.map(below))).flat()]
}

async function peakOf(pid: number): Promise<number> {
  return Number(/^VmHWM:\s*(\d+)/m.exec(await read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024
}

/** Empty when the process is gone meanwhile. */
const read = (path: string) => readFile(path, 'utf8').catch(() => '')
