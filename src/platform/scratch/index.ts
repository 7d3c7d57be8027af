import { lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

export type Scratch = {
  /** Gives `work` a new, empty folder of its own, which is removed with all that is in it however the work ends. */
  use<T>(work: (folder: string) => Promise<T>): Promise<T>
  /** Removes what killed processes have left: folders of ours in which nothing was made for a day. Returns how many. */
  sweep(): Promise<number>
}

const PREFIX = 'course-supporter-scratch-'

// No job takes nearly as long.
const LEFT_MS = 24 * 3_600_000

// What was writing into it may need a moment to be gone.
const REMOVING = { recursive: true, force: true, maxRetries: 3 }

/** Places on this machine's disk for files that programs need as such, below `folder`, which is made if it is not there. */
export function createScratch({ folder, now = Date.now }: { folder: string; now?: () => number }): Scratch {
  return {
    async use(work) {
      await mkdir(folder, { recursive: true })
      const own = await mkdtemp(join(folder, PREFIX))
      try {
        return await work(own)
      } finally {
        await rm(own, REMOVING)
      }
    },
    async sweep() {
      let removed = 0
      for (const name of await namesIn(folder)) {
        const path = join(folder, name)
        if (!name.startsWith(PREFIX) || !(await isLeft(path))) continue
        await rm(path, REMOVING)
        removed += 1
      }
      return removed
    },
  }

  // Others may share the folder, as everybody shares the temporary one; and another worker may sweep at the same time.
  async function isLeft(path: string): Promise<boolean> {
    const found = await lstat(path).catch(() => undefined)
    const isOurs = found?.isDirectory() === true && found.uid === (process.getuid?.() ?? found.uid)
    return isOurs && now() - found.mtimeMs > LEFT_MS
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
