import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { setPriority } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = join(HERE, '..', '..', '..')

// No core dumps of customers' documents. Where the system can (Linux), the child is killed when its parent dies; elsewhere a
// child that is too busy to notice is ended by its limit of processor time. `env` because shells set variables of their own;
// `exec` keeps the process id. A parent that died before it could be watched is noticed by its number (prctl(2),
// PR_SET_PDEATHSIG).
const SHELL = `
ulimit -c 0
ulimit -S -t "$1"
parent=$2
shift 2
set -- /usr/bin/env -i "$@"
if setpriv --pdeathsig KILL true 2>/dev/null; then
  set -- setpriv --pdeathsig KILL /bin/sh -c '[ "$PPID" = "$0" ] || exit 1; exec "$@"' "$parent" "$@"
fi
exec "$@"`

/**
 * Starts `program` with `argument` in a process of its own that may read our code and packages and nothing else: no
 * environment, no other files, no writing, no children, a bounded heap and bounded processor time, and a low priority. It
 * does not outlive us.
 */
export function spawnConfined(
  program: string,
  argument: string,
  { maxHeapBytes, cpuSeconds }: { maxHeapBytes: number; cpuSeconds: number },
): ChildProcess {
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      SHELL,
      'sh',
      String(cpuSeconds),
      String(process.pid),
      process.execPath,
      ...nodeFlags(maxHeapBytes),
      program,
      argument,
    ],
    // A session of its own: Ctrl-C in a terminal is the parent's to handle.
    { cwd: '/', env: {}, stdio: 'pipe', detached: true },
  )
  lowerPriority(child.pid)
  return child
}

function nodeFlags(maxHeapBytes: number): string[] {
  const readable = [`${HERE}${sep}`, join(ROOT, 'package.json'), join(ROOT, 'node_modules') + sep, packagesFolder()]
  return [
    `--max-old-space-size=${Math.ceil(maxHeapBytes / 1024 / 1024)}`,
    '--permission',
    ...new Set(readable.map((path) => `--allow-fs-read=${path}`)),
  ]
}

/** Where packages really are: `node_modules` may be a link. */
function packagesFolder(): string {
  const found = createRequire(import.meta.url).resolve('linkedom')
  const marker = `${sep}node_modules${sep}`
  return found.slice(0, found.lastIndexOf(marker) + marker.length)
}

function lowerPriority(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, 5)
  } catch {
    // It has ended already, or the system refuses: it then competes with us as an equal.
  }
}
