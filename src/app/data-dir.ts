import { access, constants, mkdir } from 'node:fs/promises'
import { lockFolder } from '#platform/postgres/index.ts'
import type { Config } from './config.ts'

/** Makes the folder of an installation that keeps anything in it. Throws one clear Error when it cannot be made or written to. */
export async function prepareDataDir({ dataDir, database, objects }: Config): Promise<void> {
  if (database.kind !== 'embedded' && objects.kind !== 'files') return
  try {
    await mkdir(dataDir, { recursive: true })
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`The folder ${dataDir} (DATA_DIR) cannot be used: ${why}`, { cause: error })
  }
}

/** One `start` a folder: a second would only get in the way of the first. Returns what gives the folder back. */
export async function claimDataDir({ dataDir, database }: Config): Promise<() => Promise<void>> {
  if (database.kind !== 'embedded') return async () => undefined
  return (await lockFolder(dataDir, 'course-supporter start')).release
}
