import type { Chunk } from '#kernel/chunk.ts'
import { titleKey } from '../title-key.ts'
import type { Cleaner } from './clean.ts'
import { MOST } from './limits.ts'
import { oneLine, type Part } from './parts.ts'
import type { ReadAnswer } from './schemas.ts'

/** A concept as one material teaches it. */
export type FoundConcept = {
  /** By which the plan names it. */
  id: string
  materialId: string
  title: string
  definition: string
  examples: string[]
  /** What it is cited from, the most telling first; never empty. */
  chunks: Chunk[]
}

/** What the model answered and the course does not have. */
export type Dropped = {
  /** Concepts without a source that exists, without a title, or that repeat our prompts. */
  concepts: number
  /** Numbers that were cited and are none of what was shown. */
  citations: number
  /** Exercises that say nothing, cannot be judged, come twice, or repeat our prompts. */
  exercises: number
}

/** What one part gave. */
type Read = {
  concepts: Omit<FoundConcept, 'id'>[]
  language: string | null
  /** Of the part. */
  tokens: number
  dropped: Omit<Dropped, 'exercises'>
}

/** What of an answer is real: citations that exist, concepts that have one, in words that are not ours. */
export function readAnswer(part: Part, { language, concepts }: ReadAnswer, cleaner: Cleaner): Read {
  const dropped = { concepts: 0, citations: 0 }
  const real = concepts.flatMap(({ title: rawTitle, definition, examples, chunks: numbers }) => {
    const cited = [...new Set(numbers)]
    const chunks = cited.map((number) => part.shown.get(number)).filter((chunk) => chunk !== undefined)
    dropped.citations += cited.length - chunks.length
    const title = cleaner.leaks(rawTitle, definition, ...examples) ? null : cleaner.title(rawTitle)
    const [first] = chunks
    if (title === null || first === undefined) {
      dropped.concepts += 1
      return []
    }
    const own = cleaner.prose(definition, 4_000) ?? cleaner.prose(oneLine(first.text, 500), 500) ?? ''
    const given = examples.map((example) => cleaner.prose(example, 4_000)).filter((example) => example !== null)
    return [{ materialId: part.material.id, title, definition: own, examples: given.slice(0, MOST.examples), chunks }]
  })
  return { concepts: real, language: isLanguage(language) ? language : null, tokens: part.tokens, dropped }
}

/**
 * The concepts of the whole course, in the order of materials and chunks of reading. One that a later part of the same material takes up again,
 * under the same title, is the same.
 */
export function uniteParts(reads: readonly Read[]): { concepts: FoundConcept[]; tooMany: number } {
  let tooMany = 0
  const found = new Map<string, FoundConcept>()
  for (const concept of reads.flatMap(({ concepts }) => concepts)) {
    const key = `${concept.materialId} ${titleKey(concept.title)}`
    const before = found.get(key)
    if (!before) {
      if (found.size < MOST.concepts) found.set(key, { id: `c${found.size + 1}`, ...concept })
      else tooMany += 1
    } else {
      before.chunks = [...new Set([...before.chunks, ...concept.chunks])]
      before.examples = [...new Set([...before.examples, ...concept.examples])].slice(0, MOST.examples)
    }
  }
  return { concepts: [...found.values()], tooMany }
}

/** The language of most of the text that was read; null when no part said one. */
export function languageOf(reads: readonly Read[]): string | null {
  const sizes = new Map<string, number>()
  for (const { language, tokens } of reads) {
    if (language !== null) sizes.set(language, (sizes.get(language) ?? 0) + tokens)
  }
  return [...sizes].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? null
}

/** As RFC 5646 writes them, as far as anybody does: nothing that could be an instruction. */
const isLanguage = (tag: string) => /^[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?$/u.test(tag)
