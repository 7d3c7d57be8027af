#!/usr/bin/env node
// Plain JavaScript on purpose: an older Node.js must get as far as this message.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    `course-supporter needs Node.js 24, this is ${process.versions.node}. In a checkout, npx course-supporter brings its own.\n`,
  )
  process.exitCode = 1
} else {
  // The young generation stays at its first MiB: grown to 16, it holds tens of MB of what uploads leave behind (docs/benchmarks.md).
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--semi-space-growth-factor=1')
  // Compiled code is kept, where that folder may be written: the next command starts a quarter sooner.
  const { enableCompileCache } = await import('node:module')
  enableCompileCache(
    decodeURIComponent(new URL('../../node_modules/.cache/course-supporter', import.meta.url).pathname),
  )
  await import('./main.ts')
}
