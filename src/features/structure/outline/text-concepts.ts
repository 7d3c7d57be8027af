import type { Chunk } from '#kernel/chunk.ts'
import { titleKey } from '../title-key.ts'
import { bounds, clip } from './bounds.ts'
import { definedTerm } from './definitions.ts'
import { cite, citeSpoken, emptyConcept, type OutlineConcept } from './outline.ts'
import { announces, isExample, isGreeting, sentencesOf } from './sentences.ts'
import { saidIn } from './speech.ts'
import { tells } from './telling.ts'

/**
 * The concepts of a text: the terms it defines. A term's concept has the defining sentence and every chunk up to the next definition;
 * what stands before the first definition belongs to the first concept, so that no chunk is left uncited.
 */
export function definedConcepts(materialId: string, chunks: Chunk[]): OutlineConcept[] {
  const found = new Map<string, OutlineConcept>()
  const waiting: Chunk[] = []
  let current: OutlineConcept[] = []
  for (const chunk of chunks) {
    const here = new Map<OutlineConcept, string>()
    for (const sentence of sentencesOf(chunk)) {
      const term = announces(sentence) ? null : definedTerm(sentence, { inList: isGlossary(chunk) })
      if (term === null) continue
      const concept = found.get(titleKey(term)) ?? (found.size < bounds.concepts ? emptyConcept(term) : undefined)
      if (!concept) continue
      concept.definition ||= clip(sentence, bounds.definition)
      found.set(titleKey(term), concept)
      if (!here.has(concept)) here.set(concept, sentence)
    }
    if (here.size > 0) current = [...here.keys()]
    if (current.length === 0) waiting.push(chunk)
    else {
      for (const concept of current) {
        for (const own of waiting) take(concept, materialId, own)
        take(concept, materialId, chunk, here.get(concept))
      }
      waiting.length = 0
    }
    // What follows a glossary is not about all of its terms.
    if (here.size > glossary) current = current.slice(-1)
  }
  return [...found.values()]
}

/** A text that defines more terms than this at once. */
const glossary = 4

/** One concept of the whole text, defined by the sentence that says what the title means, or else by its first one. */
export function wholeConcept(
  materialId: string,
  title: string,
  chunks: Chunk[],
  heading: Chunk | null,
): OutlineConcept {
  const concept = emptyConcept(title)
  const definition = definitionOf(title, chunks)
  concept.definition = clip(definition?.text ?? '', bounds.definition)
  for (const chunk of chunks) {
    take(concept, materialId, chunk, chunk === definition?.chunk ? definition.text : undefined)
  }
  if (chunks.length === 0 && heading !== null) cite(concept, materialId, heading)
  return concept
}

/** `telling` is the sentence of the chunk that says what the concept is. */
function take(concept: OutlineConcept, materialId: string, chunk: Chunk, telling?: string): void {
  const { locator } = chunk
  const told = telling === undefined ? undefined : saidIn(chunk).find(({ text }) => text === telling)
  if (told?.time && 'start' in locator) {
    citeSpoken(concept, materialId, { chunk: locator, time: told.time, tells: tells.defines })
    if (told.text !== chunk.text) concept.spoken.push({ videoId: materialId, ...locator, tells: tells.nothing })
  } else cite(concept, materialId, chunk)
  concept.texts.push(chunk.text)
  if (concept.examples.length < bounds.examples) concept.examples.push(...examplesOf(chunk))
}

function examplesOf(chunk: Chunk): string[] {
  const found = chunk.kind === 'code' ? [chunk.text.trim()] : sentencesOf(chunk).filter(isExample)
  return found.filter(Boolean).map((example) => clip(example, bounds.example))
}

/** A list without numbers: the items of a numbered one are steps. */
function isGlossary(chunk: Chunk): boolean {
  return chunk.kind === 'list' && !/^\s*\d/u.test(chunk.text)
}

function definitionOf(title: string, chunks: Chunk[]): { text: string; chunk: Chunk } | undefined {
  const sentences = chunks.flatMap((chunk) =>
    sentencesOf(chunk).map((text) => ({ text, term: definedTerm(text, { inList: isGlossary(chunk) }), chunk })),
  )
  const whole = sentences.filter(({ text }) => !announces(text))
  return (
    whole.find(({ term }) => term !== null && related(title, term)) ??
    whole.find(({ term }) => term !== null) ??
    whole.find(({ text, chunk }) => isProse(chunk) && !isExample(text) && !isGreeting(text)) ??
    whole[0] ??
    sentences[0]
  )
}

/** Prose, not a table or a list. */
function isProse({ kind }: Chunk): boolean {
  return kind === 'paragraph' || kind === 'passage'
}

/** Whether a heading (`Змінні`) speaks of a term (`Змінна`): a word of one begins as a word of the other does. */
function related(title: string, term: string): boolean {
  const starts = new Set(titleKey(title).split(' ').map(start))
  return titleKey(term)
    .split(' ')
    .some((word) => starts.has(start(word)))
}

function start(word: string): string {
  return word.slice(0, Math.max(3, word.length - 2))
}
