/**
 * How large an outline may grow; what comes after these is left out. `title` and the three counts of children are the
 * structure's own limits, the rest keep one concept readable when a hundred passages speak of it.
 */
export const bounds = {
  title: 500,
  modules: 200,
  lessons: 200,
  concepts: 200,
  definition: 1000,
  description: 500,
  example: 2000,
  examples: 20,
  sources: 200,
  timecodes: 50,
  slides: 200,
  webReferences: 20,
  /** Titles made from a sentence, not from a heading. */
  sentenceTitle: 80,
} as const

/** The beginning of a text, at most `max` UTF-16 units, cut between words where there is a gap and never inside a character. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text
  const cut = text.slice(0, max).replace(/[\uD800-\uDBFF]$/u, '')
  const gap = cut.search(/\s+\S*$/u)
  return (gap > max / 2 ? cut.slice(0, gap) : cut).trimEnd()
}

/** A heading as a title: one line, bounded, without the anchor signs that web pages append; null when nothing is left. */
export function cleanTitle(text: string | null | undefined): string | null {
  const line = (text ?? '')
    .replace(/[\u200B-\u200D\uFEFF¶]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim()
  return clip(line, bounds.title) || null
}

/** A sentence as a title: its first words, without the punctuation at the end, `…` where words were left out. */
export function sentenceTitle(sentence: string): string | null {
  const line = cleanTitle(sentence)?.replace(/[\s.,:;!…—–-]+$/u, '')
  if (!line) return null
  if (line.length <= bounds.sentenceTitle) return line
  return `${clip(line, bounds.sentenceTitle - 1).replace(/[\s.,:;—–-]+$/u, '')}…`
}
