import { fileURLToPath } from 'node:url'
import { createTurns } from '#platform/turns/index.ts'
import type { Extracted } from './collector.ts'
import { defaultLimits, type ExtractLimits, readLimitsOf } from './limits.ts'
import type { DocumentFormat } from './protocol.ts'
import { type ExtractLog, runChild } from './run-child.ts'

export type ExtractRequest = {
  format: DocumentFormat
  body: AsyncIterable<Uint8Array>
  signal: AbortSignal
  /** For a page from the web: only its main article, where one can be told from the rest. HTML only. */
  article?: boolean
  /** The encoding that the transport declared, such as `windows-1251`. Used where the bytes do not settle it. */
  charset?: string | null
  /** Whose document it is: of the children that run at once, one owner gets at most half, and at least one. */
  turn?: string
}

export type Extractor = {
  /**
   * Turns a document into chunks. `body` is read only once a child is free for it, and at most once.
   * Rejects with an `ExtractionError` where the document is at fault: trying again would not help. Everything else (the
   * signal's reason, an error of `body`, a closed extractor) says nothing of the document.
   */
  extract(request: ExtractRequest): Promise<Extracted>
  /** Ends what runs and refuses what comes. Resolves when the last child is gone. */
  close(): Promise<void>
}

type Deps = { limits?: Partial<ExtractLimits>; log?: ExtractLog }

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))

/** Extracts documents, each in a child process of its own with bounded memory and time. */
export function createExtractor({ limits: changes = {}, log }: Deps = {}): Extractor {
  const limits = { ...defaultLimits, ...changes }
  const turns = createTurns({ total: limits.concurrency, perKey: Math.max(1, Math.floor(limits.concurrency / 2)) })
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()

  async function run({
    format,
    body,
    signal,
    article = false,
    charset,
    turn = '',
  }: ExtractRequest): Promise<Extracted> {
    const either = AbortSignal.any([signal, closing.signal])
    const release = await turns.acquire(turn, either)
    try {
      const job = { format, article, charset: charset ?? null, ...readLimitsOf(limits) }
      return await runChild({ program: CHILD, job, body, limits, signal: either, log })
    } finally {
      release()
    }
  }

  return {
    async extract(request) {
      const extracted = run(request)
      running.add(extracted)
      try {
        return await extracted
      } finally {
        running.delete(extracted)
      }
    },
    async close() {
      closing.abort(new Error('The extractor is closed.'))
      await Promise.allSettled(running)
    },
  }
}
