import { fold, folded } from './folding.ts'

/** UTF-16 units of a text, the end excluded. */
export type Span = { start: number; end: number }

/** Letters and digits that a quote needs to be evidence of anything. Fewer do where they are most of a clause or of the whole answer. */
const FEWEST = 6

/** Of so many letters and digits a quote may end within a word, as models cut what is too long. */
const LONG = 24

/** Models are asked for 200 characters. What is far longer is no quote. */
const LONGEST = 1000
const MOST_PLACES = 100

/**
 * Looks quotes up in one answer: the places where each stands, white space, case and typographic variants aside; several, as a phrase may occur
 * more than once. None when it is not the student's words, or too few of them to show anything.
 */
export function quotesIn(answer: string): (quote: string) => Span[] {
  const { text, from, to } = fold(answer)
  const least = Math.min(FEWEST, weightOf(text))
  return (quote) => {
    if (quote.length > LONGEST) return []
    const wanted = folded(trimmed(quote))
    const weight = weightOf(wanted)
    if (weight === 0) return []
    const spans: Span[] = []
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      const [start, end] = [from[at], to[at + wanted.length - 1]]
      if (start === undefined || end === undefined) break
      const isEvidence = weight >= least || isMostOfItsClause(answer, { start, end }, weight)
      if (isEvidence && (weight >= LONG || isWholeWords(answer, { start, end }))) spans.push({ start, end })
      if (spans.length >= MOST_PLACES) break
    }
    return spans
  }
}

/** The middle of a word is nobody's evidence: it stands in too many answers. */
function isWholeWords(answer: string, { start, end }: Span): boolean {
  const isCut = (before: string, after: string) => /[\p{L}\p{N}]$/u.test(before) && /^[\p{L}\p{N}]/u.test(after)
  const [first, last] = [answer.slice(start, start + 2), answer.slice(Math.max(start, end - 2), end)]
  return !isCut(answer.slice(Math.max(0, start - 2), start), first) && !isCut(last, answer.slice(end, end + 2))
}

// In a list of short answers, a formula or a line of code few letters say all.
function isMostOfItsClause(answer: string, { start, end }: Span, weight: number): boolean {
  const [before, after] = [answer.slice(Math.max(0, start - FEWEST * 4), start), answer.slice(end, end + FEWEST * 4)]
  const clause = (before.split(BOUND).at(-1) ?? '') + answer.slice(start, end) + (after.split(BOUND, 1)[0] ?? '')
  return weight * 2 >= weightOf(clause)
}

const BOUND = /[\n.,;:!?|()[\]{}→⇒—–]/u

/** Models put quotes into quotation marks, and dots where they leave off. */
const trimmed = (quote: string) => quote.replace(/^[\s"'«»“”„‟.…]+|[\s"'«»“”„‟.…]+$/gu, '')

const weightOf = (text: string) => text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
