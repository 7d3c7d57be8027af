import { readFile } from 'node:fs/promises'

const INTERVAL_MS = 50

/** Calls `exceeded` once when the process holds more than `maxBytes` of memory. Linux only; elsewhere it watches nothing. */
export function watchMemory(pid: number, maxBytes: number, exceeded: () => void): { stop(): void } {
  if (process.platform !== 'linux') return { stop: () => undefined }
  let reading = false
  const timer = setInterval(async () => {
    if (reading) return
    reading = true
    const bytes = await residentBytes(pid)
    reading = false
    if (bytes <= maxBytes) return
    clearInterval(timer)
    exceeded()
  }, INTERVAL_MS)
  return { stop: () => clearInterval(timer) }
}

// `status` rather than `statm`: it counts in kB, whatever the size of a page.
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '')
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
}
