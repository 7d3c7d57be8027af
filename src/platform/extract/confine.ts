import type { ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnChild } from '#platform/child/index.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = join(HERE, '..', '..', '..')

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
  return spawnChild([process.execPath, ...nodeFlags(maxHeapBytes), program, argument], { cpuSeconds })
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
