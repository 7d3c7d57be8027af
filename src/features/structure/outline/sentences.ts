import type { Chunk } from '#kernel/chunk.ts'
import { sentenceEnds } from '#platform/extract/read/sentences.ts'

/** Sentences of a chunk in order, each a verbatim piece of its text. Items of lists and rows of tables count as sentences, code has none. */
export function sentencesOf(chunk: Chunk): string[] {
  const sentences = known.get(chunk) ?? split(chunk)
  known.set(chunk, sentences)
  return sentences
}

/** Several readers ask for the sentences of the same chunk, one after another. */
const known = new WeakMap<Chunk, string[]>()

function split(chunk: Chunk): string[] {
  if (chunk.kind === 'code' || chunk.kind === 'heading') return []
  const separate = chunk.kind === 'list' || chunk.kind === 'table'
  return chunk.text
    .split(separate ? /\n+/u : /\n\s*\n/u)
    .map((block) => block.replace(/^\s*(?:[-•*–]|\d{1,3}[.)])\s+/u, '').trim())
    .flatMap(splitBlock)
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))
}

/** `Наприклад, …` and its kin: a sentence that shows rather than tells. One that only announces what follows (`Наприклад:`) is none. */
export function isExample(sentence: string): boolean {
  return (
    /^(?:наприклад|приміром|скажімо|for example|for instance|e\.g\.)(?=[\s,:])/iu.test(sentence) && !announces(sentence)
  )
}

/** A sentence that ends in a colon says nothing without what follows it. */
export function announces(sentence: string): boolean {
  return /:\s*$/u.test(sentence)
}

/** `Вітаю!`, `Дякую за увагу!`: polite, but not what a text is about. */
export function isGreeting(sentence: string): boolean {
  return /^(?:всім\s+)?(?:вітаю|вітаємо|привіт|добр(?:ий|ого)\s(?:день|дня|ранку|ранок|вечір|вечора)|дякую|дякуємо|hello|hi|hey|welcome|good\s(?:morning|afternoon|evening)|thanks|thank\syou)(?!\p{L})/iu.test(
    sentence,
  )
}

function splitBlock(block: string): string[] {
  const ends = [...sentenceEnds(block), block.length]
  return ends.map((end, at) => block.slice(ends[at - 1] ?? 0, end).trim()).filter(Boolean)
}
