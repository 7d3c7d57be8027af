import { createHash, randomBytes } from 'node:crypto'
import { readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRunning, ownMark } from './process-mark.ts'

/** One announcement: `name` is its file. */
export type Entry = { name: string; pid: number }

/**
 * A folder in which processes announce themselves, one file each. The file of a process that was killed is recognised by
 * its mark and removed by whoever looks next. No name is ever used twice, so that cannot hit anyone living. In a copy of the
 * folder the announcements count for nothing: they name the place they were made for.
 */
export type Presence = {
  /** Shows that this process is here, with a line about it. Each call makes an entry of its own; the folder must exist. */
  announce(note?: string): Promise<Entry>
  withdraw(entry: Entry): Promise<void>
  /** The entries of living processes, without `except`. */
  present(except?: Entry): Promise<Entry[]>
}

export function createPresence(folder: string): Presence {
  async function announce(note = '') {
    const name = `${await ownMark()}-${await place()}-${randomBytes(6).toString('hex')}`
    await writeFile(join(folder, name), note, { flag: 'wx', mode: 0o600 })
    return { name, pid: process.pid }
  }

  async function withdraw(entry: Entry) {
    await rm(join(folder, entry.name), { force: true })
  }

  async function present(except?: Entry) {
    const here = await place()
    const living: Entry[] = []
    for (const name of await readdir(folder)) {
      const [, mark, announcedAt] = /^(\d+-[^-]+)-([0-9a-f]{8})-[0-9a-f]{12}$/.exec(name) ?? []
      if (mark === undefined || name === except?.name) continue
      const entry = { name, pid: Number.parseInt(mark, 10) }
      if (!(await isRunning(mark))) await withdraw(entry)
      else if (announcedAt === here) living.push(entry)
    }
    return living
  }

  async function place() {
    return createHash('sha256')
      .update(await realpath(folder))
      .digest('hex')
      .slice(0, 8)
  }

  return { announce, withdraw, present }
}
