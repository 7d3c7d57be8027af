import { Type } from 'typebox'
import type { AskStep } from '#features/usage/index.ts'
import { fence, hasFenceCode, type Message } from '#platform/llm/fence.ts'
import type { Part, Prompt } from '#platform/llm/index.ts'
import { createLeakCheck } from '#platform/llm/leaks.ts'
import { visibleText } from '#platform/llm/visible.ts'

export const PICTURE_ACTION = 'presentation_analysis'

/** UTF-16 units of a description that are kept. */
const MOST = 2_000

/** Tokens: what is kept, in any script, and as much as a model may want to think. */
const OUTPUT = 10_000

/** Characters of the page's own words that go with its picture. */
const WORDS = 6_000

// Models count characters badly: what is only somewhat too long is cut, not asked for again.
const PictureAnswer = Type.Object(
  { shows: Type.Boolean(), description: Type.String({ maxLength: 2 * MOST }) },
  { additionalProperties: false },
)

export type PageToDescribe = {
  materialId: string
  /** Of the document. */
  sha256: string
  page: number
  /** Its text, as far as that was extracted. */
  words: string
  image: { bytes: Uint8Array; mediaType: string }
  /** What the smallest of the models that may be asked can write. */
  maxOutput: number
}

/** The prompt of pictures among all; throws an Error when it is not there. */
export function picturePromptOf(prompts: ReadonlyMap<string, Prompt>): Prompt {
  const prompt = prompts.get('picture')
  if (prompt === undefined) throw new Error('There is no prompt picture.')
  return prompt
}

/**
 * Asks what a page shows. Undefined: nothing that matters. Null: the answer repeats our own words, as one does that obeys the page, and is
 * not taken.
 */
export function createDescribing({ version, text: system }: Prompt) {
  const leaksPrompt = createLeakCheck([system])

  return async (ask: AskStep, toDescribe: PageToDescribe): Promise<string | undefined | null> => {
    const { materialId, sha256, page, image, maxOutput } = toDescribe
    const message = messageOf(toDescribe)
    const parts: Part[] = [
      { type: 'text', text: fence(message) },
      { type: 'image', ...image },
    ]
    const { shows, description } = await ask(
      // Not the image itself: it is the document's and the page's, and how it is drawn.
      { name: `picture ${page}`, action: PICTURE_ACTION, materialId, content: { sha256, page, drawn: DRAWN, message } },
      {
        promptVersion: version,
        system,
        parts,
        schema: PictureAnswer,
        schemaName: 'page_description',
        maxOutputTokens: Math.min(OUTPUT, maxOutput),
      },
    )
    if (hasFenceCode(description) || leaksPrompt(description)) return null
    return (shows && clip(visibleText(description).trim())) || undefined
  }
}

/** Another one when pages are drawn so differently that descriptions should be bought again. */
const DRAWN = 'page.v1'

function messageOf({ page, words }: Pick<PageToDescribe, 'page' | 'words'>): Message {
  const known = words.slice(0, WORDS).toWellFormed()
  const head = [`Page ${page}. ${known === '' ? 'Its words are in the image only.' : 'Its words are given.'}`]
  return { head, data: known === '' ? [] : [{ label: 'page', text: known }] }
}

/** At a space where there is one near the end. */
function clip(text: string): string {
  if (text.length <= MOST) return text
  const cut = text.slice(0, MOST - 1).toWellFormed()
  return `${cut.replace(/\s+\S{0,60}$/u, '')}…`
}
