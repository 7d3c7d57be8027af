import { runInThread } from '#platform/thread/index.ts'
import type { CourseDraft, StructureEngine } from './tree.ts'

/**
 * The outline engine in a thread of its own: a long course takes seconds of computing, during which an API in the same process must go
 * on answering.
 */
export function createBackgroundOutline(): StructureEngine {
  return {
    name: 'outline',
    build: (input, { signal, progress }) =>
      runInThread<CourseDraft>(new URL('./outline-thread.ts', import.meta.url), input, {
        signal,
        progress: (done) => void progress(done),
      }),
  }
}
