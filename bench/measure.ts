import type { Candidate } from './candidates.ts'
import type { Sending, Sent } from './client.ts'
import { startMeter } from './meter.ts'
import type { Lecturer } from './world.ts'

/** All of one measurement, in bytes, MiB and ms. */
export type Measured = { mibPerSecond: number; cpuMsPerMib: number; peakBytes: number; diskBytes: number }

type Client = { ask(sendings: Sending[]): Promise<Sent> }

const MIB = 1024 * 1024

/** Enough to have all code loaded and all connections made, and no more. */
const FIRST_BYTES = 64 * 1024

/** Starts the candidate anew, lets it idle after one small upload, and measures it while each lecturer uploads one file at once. */
export async function measure(candidate: Candidate, client: Client, lecturers: Lecturer[], size: number) {
  const server = await candidate.start()
  try {
    const upload = async (who: Lecturer[], bytes: number) => {
      const sendings = await Promise.all(who.map((lecturer) => candidate.sending(server, lecturer, bytes)))
      return async () => {
        const { ms, answers } = await client.ask(sendings)
        const refusal = answers.find(({ status }) => status < 200 || status > 299)
        if (refusal) throw new Error(`${candidate.name} answered ${refusal.status}: ${refusal.body}`)
        return ms
      }
    }
    await (await upload(lecturers.slice(0, 1), FIRST_BYTES))()
    const send = await upload(lecturers, size)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const meter = await startMeter(server.pid)
    const ms = await send()
    const { cpuMs, diskBytes, peakBytes } = await meter.stop()
    const bytes = size * lecturers.length
    const measured: Measured = {
      mibPerSecond: bytes / MIB / (ms / 1_000),
      cpuMsPerMib: cpuMs / (bytes / MIB),
      peakBytes,
      diskBytes: Math.max(0, diskBytes - (candidate.keepsFiles ? bytes : 0)),
    }
    return measured
  } finally {
    await server.stop()
  }
}
