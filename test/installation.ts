import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Installation = {
  folder: string
  /** What a program needs to work here. */
  env: { DATA_DIR: string }
  /** The process of the embedded database; undefined when none runs. */
  postmaster(): Promise<number | undefined>
  /** Ends what still runs here and removes everything. */
  remove(): Promise<void>
}

/** A place for one installation with an embedded database, which only its owner may enter. Nothing is started. */
export async function makeInstallation(): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'course-supporter-place-'))
  await chmod(folder, 0o700)
  const data = join(folder, 'data')

  async function postmaster() {
    const text = await readFile(join(data, 'pg', 'data', 'postmaster.pid'), 'utf8').catch(() => '')
    const pid = Number(text.split('\n', 1)[0])
    return pid > 0 && isAlive(pid) ? pid : undefined
  }

  return {
    folder,
    env: { DATA_DIR: data },
    postmaster,
    remove: async () => {
      const pid = await postmaster()
      if (pid !== undefined) process.kill(pid, 'SIGQUIT')
      await rm(folder, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
