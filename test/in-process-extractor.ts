import { createCollector } from '#platform/extract/collector.ts'
import type { Extractor } from '#platform/extract/index.ts'
import { defaultLimits, readLimitsOf } from '#platform/extract/limits.ts'
import { writeMessage } from '#platform/extract/protocol.ts'
import { readDocument } from '#platform/extract/read/document.ts'

/** Reads documents as the child process does, without its half a second of processor time each: for tests whose subject is another. */
export const inProcessExtractor: Extractor = {
  async extract({ format, body, signal, article = false, charset = null }) {
    const pieces: Uint8Array[] = []
    for await (const piece of body) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    signal.throwIfAborted()
    const job = { format, article, charset, ...readLimitsOf(defaultLimits) }
    const { title, blocks, pictures = [] } = await readDocument(bytes, job)
    const collector = createCollector(defaultLimits)
    if (title) collector.push(Buffer.from(writeMessage({ type: 'title', title })))
    for (const block of blocks) collector.push(Buffer.from(writeMessage({ type: 'block', block })))
    for (const page of pictures) collector.push(Buffer.from(writeMessage({ type: 'picture', page })))
    collector.push(Buffer.from(writeMessage({ type: 'done' })))
    return collector.result()
  },
  close: async () => undefined,
}
