import { serveThread } from '#platform/thread/index.ts'
import { createArchitect } from '../architect/index.ts'
import type { CountingOrder } from './background-estimate.ts'

// The architect's count of its calls, alone in a thread: see background-estimate.ts.

await serveThread(async ({ brief, windows, prompts }: CountingOrder) => {
  const architect = createArchitect({ prompts: new Map(prompts) })
  return windows.map((window) => architect.expectedCalls(brief, window))
})
