import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { Ledgers } from '#features/usage/index.ts'
import { Failure } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import type { DocumentFormat, Extractor } from '#platform/extract/index.ts'
import type { Llm, Prompt } from '#platform/llm/index.ts'
import { type Media, MediaError } from '#platform/media/index.ts'
import type { Scratch } from '#platform/scratch/index.ts'
import { visionNotConfigured } from './failures.ts'
import type { Order, Reading } from './order.ts'
import { createPaid } from './paid.ts'
import { PICTURE_ACTION } from './picture.ts'
import { createPictures } from './pictures.ts'
import { createRecordings } from './recordings.ts'
import { copyTo, type Source, withBody } from './source.ts'

type Deps = {
  db: Pick<Database, 'forTenant'>
  extractor: Pick<Extractor, 'extract'>
  media: Media
  scratch: Pick<Scratch, 'use'>
  llm: Llm
  ledgers: Ledgers
  picturePrompt: Prompt
}

export type Reader = ReturnType<typeof createReader>

/**
 * Reads materials of every kind. What models say of them is bought once: reading again, after whatever failure, buys only what is missing.
 * Rejects with an ExtractionError where the document is at fault, with a Failure, or with the signal's reason.
 */
export function createReader({ db, extractor, media, scratch, llm, ledgers, picturePrompt }: Deps) {
  const paid = createPaid({ db, llm, ledgers })
  const readRecording = createRecordings({ extractor, media, scratch, paid })
  const addPictures = createPictures({ media, paid, picturePrompt })

  async function extract(source: Pick<Source, 'charset' | 'article' | 'open'>, format: DocumentFormat, order: Order) {
    const { tenantId: turn, signal } = order
    const { charset = null, article = false } = source
    return withBody(source, signal, (body) => extractor.extract({ format, body, signal, article, charset, turn }))
  }

  async function readPdf(source: Source, order: Order): Promise<Reading> {
    const { signal, progress } = order
    const models = await paid.models(order, PICTURE_ACTION)
    if (models.length > 0) {
      return scratch.use(async (folder) => {
        const path = join(folder, 'document.pdf')
        const sha256 = await copyTo(path, source, signal)
        const extracted = await extract({ open: async () => createReadStream(path) }, 'pdf', order)
        progress(0.1)
        return addPictures({ path, sha256, models, extracted }, order)
      })
    }
    const { title, chunks, pictures } = await extract(source, 'pdf', order)
    if (chunks.length === 0) throw visionNotConfigured()
    const told = { described_pages: 0, undescribed_pages: pictures.length }
    return { title, chunks, told: pictures.length === 0 ? {} : told }
  }

  async function read(source: Source, order: Order): Promise<Reading> {
    const { format } = source
    if (format === 'media') return readRecording(source, order)
    if (format === 'pdf') return readPdf(source, order)
    const { title, chunks } = await extract(source, format, order)
    return { title, chunks, told: {} }
  }

  return { read: (source: Source, order: Order) => mediaFailures(() => read(source, order)) }
}

async function mediaFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof MediaError) throw new Failure('invalid', error.code, error.message, { cause: error })
    throw error
  }
}
