import { unavailable } from '#kernel/failure.ts'
import type { Prompt } from '#platform/llm/prompts.ts'
import { runInThread } from '#platform/thread/index.ts'
import type { createArchitect } from '../architect/index.ts'
import type { Brief, ExpectedCall, Windows } from '../architect/port.ts'
import { findDuplicates } from '../duplicates/find.ts'
import { taughtOf } from '../duplicates/taught.ts'

/** What the thread is given. */
export type CountingOrder = { brief: Brief; windows: Windows[]; prompts: [string, Prompt][] }

/** The calls that building would make, for each of the windows. */
export type CountCalls = (brief: Brief, windows: Windows[]) => Promise<ExpectedCall[][]>

/** Characters of materials that are counted in 20 ms or so. */
const AT_ONCE = 200_000
const DEADLINE = 20_000

/**
 * The architect's count of its calls, of a long course in a thread of its own: an API goes on answering meanwhile. Throws the Failure
 * `service.unavailable` when that takes too long.
 */
export function createCallCounter(
  architect: Pick<ReturnType<typeof createArchitect>, 'expectedCalls'>,
  prompts: ReadonlyMap<string, Prompt>,
): CountCalls {
  return async (brief, windows) => {
    if (lengthOf(brief) <= AT_ONCE) {
      const taught = taughtOf(brief, findDuplicates(brief))
      return windows.map((window) => architect.expectedCalls(taught, window))
    }
    const order: CountingOrder = { brief, windows, prompts: [...prompts] }
    const signal = AbortSignal.timeout(DEADLINE)
    try {
      const progress = () => undefined
      return await runInThread(new URL('./estimate-thread.ts', import.meta.url), order, { signal, progress })
    } catch (error) {
      throw signal.aborted ? unavailable(error) : error
    }
  }
}

const lengthOf = ({ materials }: Brief) =>
  materials.reduce((sum, { chunks }) => chunks.reduce((all, { text }) => all + text.length, sum), 0)
