import { serveThread } from '#platform/thread/index.ts'
import { createOutlineEngine } from './outline/index.ts'
import type { StructureEngine } from './tree.ts'

// The outline engine, alone in a thread: see background-outline.ts.

type Input = Parameters<StructureEngine['build']>[0]

const never = new AbortController().signal

await serveThread((input: Input, progress) =>
  createOutlineEngine().build(input, { signal: never, progress: async (done) => progress(done) }),
)
