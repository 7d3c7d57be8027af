import { hasFenceCode } from '#platform/llm/fence.ts'
import { visibleText } from '#platform/llm/visible.ts'
import { leaksOf, withoutLeaks } from '../grading/leak.ts'
import { quotesIn, type Span } from '../grading/quotes.ts'
import type { CheckReply } from './reply-schemas.ts'

/** What a model writes for a student to read. `comments` by the criterion's id. */
export type Texts = {
  feedback: string
  strengths: string[]
  recommendations: string[]
  comments: ReadonlyMap<string, string>
}

/** Characters, and how many. */
const MOST = { feedback: 4_000, point: 500, points: 10, comment: 1_000 }

type Written = {
  feedback: string
  strengths: readonly string[]
  recommendations: readonly string[]
  comments: readonly { id: string; comment: string }[]
}

/** Of a reply: without what hides or steers, bounded. */
export function textsOf({ feedback, strengths, recommendations, comments }: Written): Texts {
  return {
    feedback: readable(feedback, MOST.feedback),
    strengths: points(strengths),
    recommendations: points(recommendations),
    comments: new Map(comments.map(({ id, comment }) => [id, readable(comment, MOST.comment)])),
  }
}

export const textsOfCheck = ({ judgements, ...reply }: CheckReply) => textsOf({ ...reply, comments: judgements })

/** One text, without what hides or steers. */
export const readable = (text: string, most: number) => visibleText(text).trim().slice(0, most).toWellFormed().trim()

const points = (texts: readonly string[]) =>
  [...new Set(texts.map((text) => readable(text, MOST.point)))].filter((text) => text !== '').slice(0, MOST.points)

/** The same without the sentences in which one of these words stands. */
export function withoutWords(texts: Texts, words: readonly string[]): Texts {
  const { feedback, strengths, recommendations, comments } = texts
  const cut = (text: string) => withoutLeaks(text, words.flatMap(quotesIn(text)))
  const rest = (points: readonly string[]) => points.map(cut).filter((text) => text !== '')
  return {
    feedback: cut(feedback),
    strengths: rest(strengths),
    recommendations: rest(recommendations),
    comments: new Map([...comments].map(([id, comment]) => [id, cut(comment)])),
  }
}

export type Guard = {
  /** The passages that nobody may read: of the solution, or of what we told the model. */
  leaked(texts: Texts): string[]
  /** The same without the sentences that leak. */
  cut(texts: Texts): Texts
}

type Deps = {
  solution: string | null
  /** What the student has read or written: none of that is a secret. */
  known: readonly string[]
  /** Whether it repeats a prompt of ours. */
  leaksPrompt(text: string): boolean
}

/** Keeps the reference solution from the student. A passage that is spread over several texts is found, too. */
export function createGuard({ solution, known, leaksPrompt }: Deps): Guard {
  const tellsOfUs = (text: string) => hasFenceCode(text) || leaksPrompt(text)

  function spansOf(texts: readonly string[]): Span[][] {
    const spans = solution === null ? [] : leaksOf(texts.join(SEPARATOR), solution, known)
    let start = 0
    return texts.map((text) => {
      const from = start
      const end = from + text.length
      start = end + SEPARATOR.length
      if (tellsOfUs(text)) return [{ start: 0, end: text.length }]
      const inside = spans.filter((span) => span.start < end && from < span.end)
      return inside.map((span) => ({
        start: Math.max(0, span.start - from),
        end: Math.min(text.length, span.end - from),
      }))
    })
  }

  return {
    leaked(texts) {
      const all = flat(texts)
      return spansOf(all).flatMap((spans, at) => spans.map(({ start, end }) => all[at]?.slice(start, end) ?? ''))
    },
    cut(texts) {
      const all = flat(texts)
      const spans = spansOf(all)
      const clean = all.map((text, at) => (spans[at]?.length ? withoutLeaks(text, spans[at]) : text))
      const rest = clean.slice(1)
      const take = (count: number) => rest.splice(0, count)
      return {
        feedback: clean[0] ?? '',
        strengths: take(texts.strengths.length).filter((text) => text !== ''),
        recommendations: take(texts.recommendations.length).filter((text) => text !== ''),
        comments: new Map([...texts.comments.keys()].map((id) => [id, take(1)[0] ?? ''])),
      }
    },
  }
}

const SEPARATOR = '\n'

const flat = ({ feedback, strengths, recommendations, comments }: Texts) => [
  feedback,
  ...strengths,
  ...recommendations,
  ...comments.values(),
]
