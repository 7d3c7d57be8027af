import { expect, test } from 'vitest'
import type { Model } from '#platform/llm/index.ts'
import { MediaError } from '#platform/media/index.ts'
import type { Paid } from './paid.ts'
import { createPictures } from './pictures.ts'

const MODEL = { maxOutput: 8_000 } as Model

/** A document of so many pages, none of which has words; which were drawn, and what came of it. */
async function look(pages: number, fails: (page: number) => Error | undefined = () => undefined) {
  const drawn: number[] = []
  const limits: number[] = []
  const ask = async (_step: unknown, { maxOutputTokens }: { maxOutputTokens: number }) => {
    limits.push(maxOutputTokens)
    return { shows: true, description: 'Схема.' }
  }
  const paid = { models: async () => [MODEL], steps: (_order, work) => work({ ask, transcribe: ask } as never) } as Paid
  const drawPage = async (_path: string, { page }: { page: number }) => {
    drawn.push(page)
    const failure = fails(page)
    if (failure) throw failure
    return { bytes: new Uint8Array(), mediaType: 'image/jpeg' }
  }
  const read = createPictures({ media: { drawPage }, paid, picturePrompt: { version: 'picture@1', text: 'Опиши.' } })
  const pictures = Array.from({ length: pages }, (_, index) => index + 1)
  const reading = read(
    { path: 'document.pdf', sha256: 'a', extracted: { title: null, chunks: [], pictures }, models: [MODEL] },
    {
      ...{ material: { id: 'm', courseId: 'c' }, tenantId: 't', jobId: 'j' },
      ...{ signal: new AbortController().signal, progress: () => undefined },
    },
  )
  return { drawn, limits, reading }
}

test('the first hundred pages are looked at; how many were not is said', async () => {
  const { drawn, limits, reading } = await look(103)
  expect((await reading).told).toEqual({ described_pages: 100, undescribed_pages: 3 })
  expect([drawn.length, Math.max(...drawn), Math.max(...limits)]).toEqual([100, 100, 8_000])
})

test('a document whose pages cannot be drawn is soon left alone', async () => {
  const { drawn, reading } = await look(90, () => new MediaError('media.timeout'))
  await expect(reading).rejects.toMatchObject({ code: 'media.timeout' })
  // Those that were under way when the fifth failed.
  expect(drawn.length).toBeLessThanOrEqual(5 + 3)
})

test('where no page can be drawn as nothing is installed, no more is tried', async () => {
  const { drawn, reading } = await look(90, () => new MediaError('media.tool_missing'))
  await expect(reading).rejects.toMatchObject({ code: 'media.tool_missing' })
  expect(drawn.length).toBeLessThanOrEqual(4)
})
