import type { Line } from './lines.ts'

const HYPHENATED = /[\p{L}\d][-\u2010\u00ad]$/u
const MAX_COMPOUNDS = 20_000

/**
 * Joins lines to one text. A hyphen at a line's end is dropped where the word goes on in small letters, unless the document
 * writes that word with a hyphen in the middle of a line; before a capital letter and after a number it is the word's own.
 */
export function createLineJoiner(document: Iterable<Line>): (lines: Line[]) => string {
  const compounds = compoundsOf(document)
  return (lines) => {
    const parts = lines.flatMap(({ text }, index) => {
      const next = lines[index + 1]?.text
      if (next === undefined) return [text]
      if (!HYPHENATED.test(text.slice(-3)) || !/^\p{L}/u.test(next)) return [text, ' ']
      return [goesOn(text, next) && !isCompound(text, next, compounds) ? text.slice(0, -1) : text]
    })
    return parts.join('')
  }
}

/** In small letters, or in capitals where all of it is. */
function goesOn(line: string, next: string): boolean {
  if (/\p{Lu}{2}.$/u.test(line.slice(-5)) && /^\p{Lu}+(?!\p{L})/u.test(next)) return true
  return /\p{L}.$/u.test(line.slice(-3)) && /^\p{Ll}/u.test(next)
}

function isCompound(line: string, next: string, compounds: Set<string>): boolean {
  const head = /[\p{L}\p{M}'’ʼ-]*$/u.exec(line.slice(-60, -1))?.[0] ?? ''
  const tail = /^[\p{L}\p{M}'’ʼ]+/u.exec(next.slice(0, 60))?.[0] ?? ''
  if (/\p{Script=Latin}$/u.test(head) !== /^\p{Script=Latin}/u.test(tail)) return true
  return compounds.has(`${head}-${tail}`.toLowerCase())
}

function compoundsOf(lines: Iterable<Line>): Set<string> {
  const compounds = new Set<string>()
  for (const { text } of lines) {
    for (const [word] of text.matchAll(/[\p{L}\p{M}'’ʼ]{1,40}(?:-[\p{L}\p{M}'’ʼ]{1,40}){1,3}/gu)) {
      if (compounds.size >= MAX_COMPOUNDS) return compounds
      compounds.add(word.toLowerCase())
    }
  }
  return compounds
}
