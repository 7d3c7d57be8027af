import { readFile, writeFile } from 'node:fs/promises'

/** What a process has used until now: CPU in ms, bytes it caused to be written to disk. */
type Used = { cpuMs: number; diskBytes: number }

export type Meter = {
  /** What the process has used since the meter was started; `peakBytes` is how far its memory has grown at most. */
  stop(): Promise<Used & { peakBytes: number }>
}

/** Of a process's `utime` and `stime` (proc_pid_stat(5)), a hundred a second on every Linux that Node.js runs on. */
const MS_PER_TICK = 10

/** Measures another process from now on. The kernel keeps the peak of its memory: nothing between two samples is missed. */
export async function startMeter(pid: number): Promise<Meter> {
  // Sets the peak (VmHWM) back to what is resident now: proc_pid_clear_refs(5).
  await writeFile(`/proc/${pid}/clear_refs`, '5')
  const [idle, before] = [await memoryOf(pid, 'VmRSS'), await usedBy(pid)]
  return {
    async stop() {
      const [peak, after] = [await memoryOf(pid, 'VmHWM'), await usedBy(pid)]
      return {
        cpuMs: after.cpuMs - before.cpuMs,
        diskBytes: after.diskBytes - before.diskBytes,
        peakBytes: peak - idle,
      }
    },
  }
}

/** Whether this system can tell what is asked of it here. */
export function canMeasure(): boolean {
  return process.platform === 'linux'
}

async function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  return numberAfter(await readFile(`/proc/${pid}/status`, 'utf8'), field) * 1024
}

async function usedBy(pid: number): Promise<Used> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The second field is the program's name in brackets, with any characters; these are the 14th and 15th.
  const [userTicks, systemTicks] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return {
    cpuMs: (Number(userTicks) + Number(systemTicks)) * MS_PER_TICK,
    diskBytes: numberAfter(await readFile(`/proc/${pid}/io`, 'utf8'), 'write_bytes'),
  }
}

function numberAfter(text: string, field: string): number {
  const [, digits] = new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(text) ?? []
  if (digits === undefined) throw new Error(`The system does not tell ${field}.`)
  return Number(digits)
}
