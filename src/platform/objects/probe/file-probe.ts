import { randomBytes, randomUUID } from 'node:crypto'
import { rm, rmdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { createFileStore } from '../file-store.ts'
import type { ByteRange } from '../store.ts'
import { type ProbeRow, type ProbeStep, runSteps } from './probe.ts'

/** `needBytes` is the least free space with which the folder is of use. */
type Options = { folder: string; needBytes: number; deadlineMs?: number }

const MIB = 1024 * 1024

/** Tries in a folder all that the store of files relies on. Nothing of it stays. */
export async function probeFolder({ folder, needBytes, deadlineMs = 20_000 }: Options): Promise<ProbeRow[]> {
  const store = createFileStore({ folder })
  const prefix = `probe/${randomUUID()}`
  const key = `${prefix}/object`
  const [first, second] = [randomBytes(3000), randomBytes(2000)]

  const put = (bytes: Uint8Array, signal: AbortSignal) => store.put(key, once(bytes), { maxBytes: 10_000, signal })
  const read = async (signal: AbortSignal, range?: ByteRange) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of await store.get(key, { signal, ...(range ? { range } : {}) })) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const same = (found: Buffer, wanted: Buffer) => {
    if (!found.equals(wanted)) throw new Error('other bytes came back than were put')
  }
  const step = (what: string, run: ProbeStep['run']): ProbeStep => ({ what, needed: true, run })

  const rows = await runSteps(
    [
      step('put', async (signal) => void (await put(first, signal))),
      step('head', async () => {
        const size = (await store.head(key))?.size
        if (size !== first.byteLength) throw new Error(`the size is ${size ?? 'missing'}, not ${first.byteLength}`)
      }),
      step('get', async (signal) => same(await read(signal), first)),
      step('get a range', async (signal) =>
        same(await read(signal, { start: 1000, end: 1999 }), first.subarray(1000, 2000)),
      ),
      step('put over an older one', async (signal) => {
        await put(second, signal)
        same(await read(signal), second)
      }),
      step('delete', async () => {
        await store.delete(key)
        if ((await store.head(key)) !== undefined) throw new Error('it is still there')
      }),
      step('free space', async () => {
        const { bavail, bsize } = await statfs(folder)
        const free = bavail * bsize
        const shown = `${Math.floor(free / MIB)} MiB`
        if (free < needBytes) throw new Error(`${shown}, less than the largest upload`)
        return shown
      }),
    ],
    deadlineMs,
  )
  await rm(join(folder, prefix), { recursive: true, force: true }).catch(() => {})
  // That of another probe may be in it.
  await rmdir(join(folder, 'probe')).catch(() => {})
  return rows
}

async function* once(bytes: Uint8Array) {
  yield bytes
}
