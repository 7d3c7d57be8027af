import { hasFenceCode } from '#platform/llm/fence.ts'
import { visibleText } from '#platform/llm/visible.ts'
import { cleanTitle, clip } from '../outline/bounds.ts'
import type { SourceMaterial } from '../tree.ts'
import { linksIn, withoutForeignLinks } from './links.ts'

/** What a model's words pass through before they are a course's. HTML and Markdown stay the text that they are. */
export type Cleaner = {
  /** One line. Null when nothing is left. */
  title(text: string): string | null
  /** Lines as they are, code too. Null when nothing is left. */
  prose(text: string, max: number): string | null
  /** Each once, without those that are blank or leak. */
  statements(texts: readonly string[], most: number): string[]
  /** Whether a text repeats a prompt of ours or a fence's code: then what it is part of is not taken. */
  leaks(...texts: readonly string[]): boolean
}

type Deps = { materials: readonly SourceMaterial[]; leaksPrompt(text: string): boolean }

export function createCleaner({ materials, leaksPrompt }: Deps): Cleaner {
  // Most answers have no link, and a course may have a great many words.
  let known: ReadonlySet<string> | undefined
  const isKnown = (link: string) => {
    known ??= new Set(materials.flatMap(textsOf).flatMap(linksIn))
    return known.has(link)
  }
  const prose = (text: string, max: number) => {
    const lines = withoutForeignLinks(visibleText(text), isKnown).replace(/^(?:[^\S\n]*\n)+/u, '')
    // Once more, as what is cut off may leave the beginning of a link that is another's.
    return withoutForeignLinks(clip(lines, max), isKnown).trimEnd() || null
  }
  const leaks = (...texts: readonly string[]) => texts.some((text) => hasFenceCode(text) || leaksPrompt(text))
  return {
    title: (text) => {
      const title = cleanTitle(withoutForeignLinks(cleanTitle(visibleText(text)) ?? '', isKnown))
      return title !== null && SEEN.test(title) ? title : null
    },
    prose,
    statements: (texts, most) => {
      const taken = texts.filter((text) => !leaks(text)).map((text) => prose(text, 1_000))
      return [...new Set(taken.filter((text) => text !== null))].slice(0, most)
    },
    leaks,
  }
}

function textsOf({ name, chunks }: SourceMaterial): string[] {
  return [name, ...chunks.flatMap(({ text, locator }) => ('url' in locator ? [text, locator.url] : [text]))]
}

/** Something that is seen: not only blanks, marks, formats or the empty pattern of Braille. */
const SEEN = /[^\p{Z}\p{C}\p{M}\u2800]/u
