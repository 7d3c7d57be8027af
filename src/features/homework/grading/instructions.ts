import { type View, viewsOf } from './appearance.ts'
import { LINES, PHRASES, SOUNDS, SPELLED_STEMS } from './orders.ts'
import type { Span } from './quotes.ts'

/**
 * The parts of an answer that speak to whoever grades it instead of doing the task: orders, verdicts and marks of its own, imitated messages
 * and markup. Empty for an answer that only does the task.
 *
 * How a quote is known to be the attack itself: the answer is read as a person and as a model may read it (`appearance.ts`: look-alike
 * letters, spelled words, backwards, decoded, Ukrainian in Latin letters) and compared with what orders to a grader are made of (`orders.ts`), paragraph by paragraph. A
 * paragraph that has one is a span, and a quote within it is the attack. An order that only the whole answer shows, being spread over
 * paragraphs, makes the whole answer one span. Since an order may stand in one paragraph and its bait in the next, `judge` trusts no `met` of
 * an answer with any span: the verdicts wait for a person, who sees the spans and the model's quotes, and no point is lost for good.
 *
 * The limit: words are compared, not meanings. An order in words that no pattern has is not seen, and a model that credits an honest
 * sentence for a criterion which it does not fulfil cannot be caught by code, only by review. Against an order that nobody foresaw, which
 * has everything called met, `judge` knows controls.
 */
export function instructionsIn(answer: string): Span[] {
  if (!speaksToGrader(answer)) return []
  const spans = paragraphsOf(answer).filter(({ start, end }) => speaksToGrader(answer.slice(start, end)))
  return spans.length > 0 ? spans : [{ start: 0, end: answer.length }]
}

export const overlap = (a: Span, b: Span) => a.start < b.end && b.start < a.end

/** Lines in a row that are not blank. */
function paragraphsOf(text: string): Span[] {
  const paragraphs: Span[] = []
  let at = 0
  let isBlank = true
  for (const line of text.split('\n')) {
    const end = at + line.length
    const last = paragraphs.at(-1)
    if (line.trim() !== '') {
      if (isBlank || last === undefined) paragraphs.push({ start: at, end })
      else last.end = end
    }
    isBlank = line.trim() === ''
    at = end + 1
  }
  return paragraphs
}

const speaksToGrader = (text: string) => breaksOut(text) || viewsOf(text).some(hasOrder)

const hasOrder = ({ lines, flat, joined, sound }: View) =>
  PHRASES.some((phrase) => phrase.test(flat)) ||
  (sound !== '' && SOUNDS.some((phrase) => phrase.test(sound))) ||
  LINES.some((line) => line.test(lines)) ||
  joined.some((word) => SPELLED_STEMS.test(word))

/** Whether it closes something that it never opened: the bounds within which it is shown to a model. */
function breaksOut(text: string): boolean {
  const open = new Set<string>()
  for (const { 1: slash, 2: name = '' } of text.matchAll(BOUND)) {
    if (!slash) open.add(name.toLowerCase())
    else if (!open.has(name.toLowerCase())) return true
  }
  return false
}

const BOUND =
  /[<[](\/?)((?:student|user|untrusted|homework)?[-_]?(?:answer|submission|student|homework|data|input|document|context|system|prompt|instructions?|task)(?:[-_:][\w-]{1,64})?)(?=[\s>\]])/gi
