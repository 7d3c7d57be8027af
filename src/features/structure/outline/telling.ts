import { titleKey } from '../title-key.ts'
import { definedTerm } from './definitions.ts'
import { stemsOf } from './stems.ts'

/** What a sentence may be for a concept, the surest last. From `begins` on it is the concept's, whatever stands around it. */
export const tells = { nothing: 0, mentions: 1, names: 2, begins: 3, defines: 4 } as const

/** `parts`: `Індекси та зрізи` is two things. */
type Term = { key: string; parts: { key: string; stems: string[] }[] }

/**
 * For each of the titles, how surely the sentence says what it is: it defines the term, begins with it (`Ціле число не має …`), has it as it
 * stands, or has its words in any form. A sentence that begins with two titles (`Цикл`, `Цикл for`) is the longer one's.
 */
export function tellingOf(titles: string[]): (sentence: string) => number[] {
  const terms = titles.map((title): Term => ({ key: titleKey(title), parts: partsOf(title) }))
  return (sentence) => {
    const key = ` ${titleKey(sentence)} `
    const stems = stemsOf(sentence)
    const called = stemsOf(sentence.split(calling)[1] ?? '')
    const defined = titleKey(definedTerm(sentence, { inList: false }) ?? '')
    const begun = terms.map((term) => beginning(term, key))
    const longest = Math.max(1, ...begun)
    return terms.map((term, at) => {
      if (defined !== '' && defined === term.key) return tells.defines
      if (term.parts.some(isIn(called))) return tells.defines
      if (begun[at] === longest) return tells.begins
      if (term.key !== '' && key.includes(` ${term.key} `)) return tells.names
      return term.parts.some(isIn(stems)) ? tells.mentions : tells.nothing
    })
  }
}

/** `Цю дію називають присвоюванням` says what it is, in the other order. */
const calling = /(?<!\p{L})(?:називається|називаються|називають|називаємо|зветься|(?:is|are) called)(?!\p{L})/iu

function partsOf(title: string): Term['parts'] {
  return title
    .split(/,|\s(?:та|і|й|або|чи|and|or)\s/iu)
    .map((part) => ({ key: titleKey(part), stems: stemsOf(part) }))
    .filter(({ stems }) => stems.length > 0)
}

const isIn = (stems: string[]) => (part: { stems: string[] }) => part.stems.every((stem) => stems.includes(stem))

/** How many letters of a sentence the title, or a part of it, is the beginning of. */
function beginning({ key, parts }: Term, sentence: string): number {
  const begun = [key, ...parts.map((part) => part.key)].filter((one) => sentence.startsWith(` ${one} `))
  return Math.max(0, ...begun.map((one) => one.length))
}
