import type { AnswerKey, ExerciseKind } from '#features/structure/index.ts'
import { folded } from './folding.ts'
import type { HandedIn, JudgedExercise } from './verdict.ts'

/** Kinds that code grades alone. */
export type KeyedKind = Exclude<ExerciseKind, 'open'>

/**
 * What is wrong with the form of an answer to such an exercise, as the end of a sentence that begins with "answer"; undefined when nothing is.
 */
export function complaintOf({ kind, options }: Pick<JudgedExercise, 'kind' | 'options'>, answer: HandedIn) {
  if (kind === 'open' || kind === 'short_text') return typeof answer === 'string' ? undefined : 'must be a text'
  // JSON reads 1e999 as infinity, which is near to everything.
  if (kind === 'number') return Number.isFinite(answer) ? undefined : 'must be a number'
  if (!Array.isArray(answer)) return 'must be an array of option ids'
  if (new Set(answer).size !== answer.length) return 'must not name an option twice'
  if (kind === 'choice' && answer.length !== 1) return 'must name one option'
  const known = new Set(options.map(({ id }) => id))
  return answer.every((id) => known.has(id)) ? undefined : 'must name options of this exercise'
}

/** Whether an answer agrees with the key: all of it or nothing. Undefined when the exercise has no key of its kind. */
export function agreesWithKey(kind: KeyedKind, key: AnswerKey | null, answer: HandedIn): boolean | undefined {
  if (key === null) return undefined
  if (kind === 'number') {
    if (Array.isArray(key) || typeof answer !== 'number') return undefined
    return Number.isFinite(answer) && Math.abs(answer - key.value) <= key.tolerance + rounding(answer, key.value)
  }
  if (!Array.isArray(key) || key.length === 0) return undefined
  if (kind === 'short_text') return typeof answer === 'string' && isOneOf(key, plain(answer))
  if (!Array.isArray(answer)) return false
  const [wanted, chosen] = [new Set(key), new Set(answer)]
  return chosen.size === wanted.size && [...chosen].every((id) => wanted.has(id))
}

// 0.3 − 0.1 is not 0.2 in binary: a difference of a few units in the last place is none.
const rounding = (a: number, b: number) => 4 * Number.EPSILON * Math.max(Math.abs(a), Math.abs(b))

const isOneOf = (accepted: readonly string[], answer: string) => accepted.some((text) => plain(text) === answer)

/**
 * Case, white space, typographic variants, quotation marks around it and a sentence's end do not make an answer another one. But -5 is not 5,
 * .5 is not 5 and n! is not n.
 */
function plain(text: string): string {
  const whole = folded(text)
  let end = whole.length
  while (end > 0 && isSentenceEnd(whole, end - 1)) end--
  const said = whole.slice(0, end).trimEnd()
  const [first, last] = [said[0], said.at(-1)]
  const isQuoted = said.length > 2 && first === last && (first === '"' || first === "'")
  return (isQuoted ? said.slice(1, -1).trim() : said) || whole
}

const isSentenceEnd = (text: string, at: number) =>
  '.,;:? '.includes(text.charAt(at)) || (text[at] === '!' && /^\p{L}{2}$/u.test(text.slice(at - 2, at)))
