import { serveThread } from '#platform/thread/index.ts'
import { type Compared, findDuplicates } from './find.ts'

// The search for duplicates, alone in a thread: see background.ts.

await serveThread(async (compared: Compared) => findDuplicates(compared))
