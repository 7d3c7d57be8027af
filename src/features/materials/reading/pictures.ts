import type { AskStep } from '#features/usage/index.ts'
import { Failure } from '#kernel/failure.ts'
import type { Extracted } from '#platform/extract/index.ts'
import type { Model, Prompt } from '#platform/llm/index.ts'
import { type Media, MediaError } from '#platform/media/index.ts'
import { inOrder } from '#platform/turns/index.ts'
import { nothingShown } from './failures.ts'
import type { Order, Reading } from './order.ts'
import { withDescriptions, wordsOf } from './pages.ts'
import type { Paid } from './paid.ts'
import { createDescribing } from './picture.ts'

type Deps = { media: Pick<Media, 'drawPage'>; paid: Paid; picturePrompt: Prompt }

/** A PDF as a file, what was extracted from it, and whom to ask about its pictures. */
type Pdf = { path: string; sha256: string; extracted: Extracted; models: readonly Model[] }

/** Pages of one document that are looked at, the first ones. */
const MOST_PAGES = 100

/** Pages under way at the same time. */
const AT_ONCE = 4

/** Of one document: then no more are drawn, as each may take until its deadline. */
const MOST_UNDRAWN = 5

/** `text` is undefined where a page was looked at and shows nothing that matters; `failed`, why it could not be. */
type Seen = { page: number; text: string | undefined } | { page: number; failed: unknown }

/** Pages that show more than they say: what models with vision see on them. */
export function createPictures({ media, paid, picturePrompt }: Deps) {
  const describe = createDescribing(picturePrompt)

  async function look({ path, sha256, extracted, models }: Pdf, order: Order): Promise<Seen[]> {
    const { signal, material, progress } = order
    const maxOutput = Math.min(...models.map((model) => model.maxOutput))
    const pages = extracted.pictures.slice(0, MOST_PAGES)
    let [done, undrawn] = [0, 0]

    async function draw(page: number) {
      if (undrawn >= MOST_UNDRAWN) throw new MediaError('media.unreadable')
      return media.drawPage(path, { page, signal }).catch((error: unknown) => {
        undrawn += 1
        throw error
      })
    }

    async function lookAt(page: number, ask: AskStep): Promise<Seen> {
      try {
        const about = { materialId: material.id, sha256, page, words: wordsOf(extracted.chunks, page), maxOutput }
        const text = await describe(ask, { ...about, image: await draw(page) })
        return text === null ? { page, failed: undefined } : { page, text }
      } catch (error) {
        if (isPageAtFault(error)) return { page, failed: error }
        throw error
      }
    }

    return paid.steps(order, ({ ask }) =>
      inOrder(pages, { width: AT_ONCE, signal }, async (page) => {
        const seen = await lookAt(page, ask)
        done += 1
        progress(0.1 + (0.85 * done) / pages.length)
        return seen
      }),
    )
  }

  return async (pdf: Pdf, order: Order): Promise<Reading> => {
    const { title, chunks, pictures } = pdf.extracted
    if (pictures.length === 0) return { title, chunks, told: {} }
    const seen = await look(pdf, order)
    const lookedAt = seen.filter((one) => 'text' in one)
    const described = lookedAt.flatMap(({ page, text }) => (text === undefined ? [] : [{ page, text }]))
    if (chunks.length + described.length === 0) throw reasonOf(seen)
    const told = { described_pages: described.length, undescribed_pages: pictures.length - lookedAt.length }
    return { title, chunks: withDescriptions(chunks, described), told }
  }
}

/** Why nothing came of a document that has pictures only. */
function reasonOf(seen: readonly Seen[]): unknown {
  return seen.flatMap((one) => ('failed' in one && one.failed !== undefined ? [one.failed] : []))[0] ?? nothingShown()
}

/** What is wrong with one page says nothing of the others: the rest of the document is worth having. */
function isPageAtFault(error: unknown): boolean {
  if (error instanceof MediaError) return error.code !== 'media.tool_missing'
  return error instanceof Failure && (error.code === 'llm.refused' || error.code === 'llm.malformed')
}
