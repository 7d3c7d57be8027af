import { runInThread } from '#platform/thread/index.ts'
import { type Compared, type Duplicates, findDuplicates } from './find.ts'

/** Characters of materials that are compared in 50 ms or so. */
const AT_ONCE = 200_000

/** The duplicates of a course; of a long one they are looked for in a thread, and until the signal aborts. */
export async function duplicatesIn({ materials, slideTimes }: Compared, signal: AbortSignal): Promise<Duplicates> {
  const compared = { materials, slideTimes }
  if (materials.length < 2) return { pairs: new Int32Array(), held: new Map() }
  if (lengthOf(compared) <= AT_ONCE) return findDuplicates(compared)
  const progress = () => undefined
  return await runInThread<Duplicates>(new URL('./thread.ts', import.meta.url), compared, { signal, progress })
}

const lengthOf = ({ materials }: Compared) =>
  materials.reduce((sum, { chunks }) => chunks.reduce((all, { text }) => all + text.length, sum), 0)
