import { serveThread } from '#platform/thread/index.ts'
import { createArchitect } from '../architect/index.ts'
import { findDuplicates } from '../duplicates/find.ts'
import { taughtOf } from '../duplicates/taught.ts'
import type { CountingOrder } from './background-estimate.ts'

// The architect's count of its calls, alone in a thread: see background-estimate.ts.

await serveThread(async ({ brief, windows, prompts }: CountingOrder) => {
  const architect = createArchitect({ prompts: new Map(prompts) })
  const taught = taughtOf(brief, findDuplicates(brief))
  return windows.map((window) => architect.expectedCalls(taught, window))
})
