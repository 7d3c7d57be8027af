import { execFile } from 'node:child_process'
import { chown } from 'node:fs/promises'
import { promisify } from 'node:util'

// On Linux the number of `nobody`.
const NOBODY = 65_534

const isRoot = process.getuid?.() === 0

const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--']

/**
 * What to put before a program so that an ordinary user runs it, who is made the owner of `folder`. Nothing when we are one, or when this
 * checkout lies where no other user can read it.
 */
export async function asOrdinaryUser(folder: string): Promise<string[]> {
  if (!isRoot || !(await canRead(import.meta.filename))) return []
  await chown(folder, NOBODY, NOBODY)
  return AS_NOBODY
}

/** What to put before a program so that files' permissions bind it even if it is root's. */
export const withoutRootsPowers = (): string[] =>
  isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--'] : []

async function canRead(file: string): Promise<boolean> {
  const [program = '', ...args] = [...AS_NOBODY, process.execPath, '-e', `fs.readFileSync(${JSON.stringify(file)})`]
  return await promisify(execFile)(program, args).then(
    () => true,
    () => false,
  )
}
