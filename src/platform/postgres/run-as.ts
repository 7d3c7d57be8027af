import { spawn } from 'node:child_process'
import { chmod, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'

type User = { uid: number; gid: number }

/** How the server's programs are run. `owner` is set when that is as another user than ourselves, who must own their files. */
export type RunAs = {
  command(program: string, args: string[]): { program: string; args: string[]; options: Partial<User> }
  owner: User | undefined
}

/** Enough for a server: our own environment may hold PG… settings meant for another one. */
export const childEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
}

// On Linux the number of `nobody`, and of files without a known owner (user_namespaces(7)).
const nobody = process.platform === 'darwin' ? 4_294_967_294 : 65_534
const probeDeadlineMs = 10_000

/**
 * PostgreSQL refuses to run as root, and initdb as a user without a name. Root is therefore left by the first way that can
 * enter `folder` and run `initdb`: a user namespace, in which our own files are those of an ordinary user; the owner of the
 * folder above; `nobody`. `dataOwner`, the owner of existing data, decides which of them may be tried.
 */
export async function chooseRunAs(folder: string, initdb: string, dataOwner: User | undefined): Promise<RunAs> {
  const own = process.getuid?.() ?? -1
  if (own !== 0 && (dataOwner !== undefined || hasName())) return asOurselves
  if ((dataOwner?.uid ?? own) === own && (await canReach(inNamespace, folder, initdb))) return inNamespace
  if (own !== 0) return asOurselves

  for (const user of await usersToTry(folder, dataOwner)) {
    const candidate = as(user)
    const { mode } = await stat(folder)
    // The server's user must pass through our folder to its own in it; it cannot read ours.
    await chmod(folder, 0o711)
    if (await canReach(candidate, folder, initdb)) return candidate
    await chmod(folder, mode)
  }
  throw new Error(
    `PostgreSQL does not run as root, and here no other user can be had who reaches both ${folder} and ${initdb}: ` +
      'run this as an ordinary user, use a folder that others may enter, or name a server with DATABASE_URL.',
  )
}

const asOurselves: RunAs = { command: (program, args) => ({ program, args, options: {} }), owner: undefined }

const inNamespace: RunAs = {
  command: (program, args) => ({
    program: 'unshare',
    args: ['--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--', program, ...args],
    options: {},
  }),
  owner: undefined,
}

function as(owner: User): RunAs {
  return { command: (program, args) => ({ program, args, options: owner }), owner }
}

async function usersToTry(folder: string, dataOwner: User | undefined): Promise<User[]> {
  if (dataOwner) return dataOwner.uid === 0 ? [] : [dataOwner]
  const { uid, gid } = await stat(dirname(folder))
  const everybody = { uid: nobody, gid: nobody }
  return uid === 0 ? [everybody] : [{ uid, gid }, everybody]
}

/** Tries it: permissions, mounts, security modules and container rules are too many to be told from outside. */
function canReach(runAs: RunAs, folder: string, program: string): Promise<boolean> {
  const script = ['-c', 'cd "$0" && exec "$1" --version', folder, program]
  const { program: shell, args, options } = runAs.command('/bin/sh', script)
  const probe = { ...options, cwd: '/', env: childEnvironment, stdio: 'ignore', timeout: probeDeadlineMs } as const
  return new Promise((resolve) => {
    const child = spawn(shell, args, probe)
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}

function hasName(): boolean {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}
