import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'

type Options = {
  /** The folder it runs in; the root unless told. */
  cwd?: string
  /** All of its environment; nothing unless told. */
  env?: Readonly<Record<string, string>>
  /** Of processor time. */
  cpuSeconds: number
  /** Of address space, which is more than what it really holds. Where the system knows such a limit (Linux). */
  memoryBytes?: number
  /** Of each file it writes. */
  fileBytes?: number
}

// No core dumps of customers' documents. POSIX counts files in blocks of 512 bytes; -v is in KiB wherever it is known. Where the
// system can (Linux), the child is killed when its parent dies; elsewhere a child that is too busy to notice is ended by its limit
// of processor time. `env` because shells set variables of their own; `exec` keeps the process id. A parent that died before it
// could be watched is noticed by its number (prctl(2), PR_SET_PDEATHSIG). A network namespace of its own has not even a loopback; a user's
// own one makes that possible without being root (user_namespaces(7)), where the system allows it. It comes first, as it would clear the
// signal.
const SHELL = `
ulimit -c 0
ulimit -S -t "$1"
[ "$2" = 0 ] || ulimit -v "$2" 2>/dev/null || true
[ "$3" = 0 ] || ulimit -f "$3"
parent=$4
shift 4
set -- /usr/bin/env -i "$@"
if setpriv --pdeathsig KILL true 2>/dev/null; then
  set -- setpriv --pdeathsig KILL /bin/sh -c '[ "$PPID" = "$0" ] || exit 1; exec "$@"' "$parent" "$@"
fi
if unshare --user --map-current-user --net true 2>/dev/null; then
  set -- unshare --user --map-current-user --net "$@"
fi
exec "$@"`

/**
 * Starts a program, given by its path or by a name to be found on the PATH of `env`, in a process and session of its own, with bounded
 * resources, a low priority and, where the system has namespaces for everybody (Linux), no network. It does not outlive us. A program that is not there ends with the code 127.
 */
export function spawnChild(
  [program, ...args]: readonly [string, ...string[]],
  { cwd = '/', env = {}, cpuSeconds, memoryBytes = 0, fileBytes = 0 }: Options,
): ChildProcess {
  const numbers = [cpuSeconds, Math.ceil(memoryBytes / 1024), Math.ceil(fileBytes / 512), process.pid].map(String)
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const child = spawn(
    '/bin/sh',
    ['-c', SHELL, 'sh', ...numbers, ...variables, program, ...args],
    // A session of its own: Ctrl-C in a terminal is the parent's to handle.
    { cwd, env: {}, stdio: 'pipe', detached: true },
  )
  lowerPriority(child.pid)
  return child
}

function lowerPriority(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, 5)
  } catch {
    // It has ended already, or the system refuses: it then competes with us as an equal.
  }
}
