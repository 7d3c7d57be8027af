/** A text as it is compared, and where in the original each of its UTF-16 units comes from: the character's beginning and end. */
export type Folded = { text: string; from: readonly number[]; to: readonly number[] }

/**
 * Folds what people, keyboards and models write in many ways and mean as one: composed and decomposed letters, case, runs of white space,
 * ligatures and widths, and the variants of apostrophes, quotation marks and dashes. White space at the ends goes. Linear in the text.
 */
export function fold(original: string): Folded {
  const parts: string[] = []
  const from: number[] = []
  const to: number[] = []
  let last = ' '
  for (const { 0: letter, index } of original.matchAll(LETTER)) {
    const folded = foldLetter(letter)
    if (folded === ' ' && last === ' ') continue
    parts.push(folded)
    last = folded
    for (let unit = 0; unit < folded.length; unit++) {
      from.push(index)
      to.push(index + letter.length)
    }
  }
  if (last === ' ' && parts.length > 0) {
    parts.pop()
    from.pop()
    to.pop()
  }
  return { text: parts.join(''), from, to }
}

/** The folded text alone. */
export const folded = (text: string) => fold(text).text

// A character with the marks that stand upon it; or marks that stand upon nothing.
const LETTER = /\P{M}\p{M}*|\p{M}+/gu

function foldLetter(letter: string) {
  const known = SAME.get(letter)
  if (known !== undefined) return known
  if (/^\s+$/u.test(letter)) return ' '
  return letter.normalize('NFKC').toLowerCase().normalize('NFKC')
}

const SAME = new Map(
  [
    ["'", '’ʼ‘‛`´ʹ′＇'],
    ['"', '“”„‟«»″＂'],
    ['-', '–—−‐‑‒―'],
    ['σ', 'ς'],
  ].flatMap(([one = '', others = '']) => [...others].map((other) => [other, one] as const)),
)
