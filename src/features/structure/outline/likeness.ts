import { stemsOf } from './stems.ts'

/** A text as weights of its stems, of length 1. */
export type Vector = Map<string, number>

type TextIndex = {
  vectorOf(stems: string[]): Vector
  /** Likeness (0–1) to each indexed text that shares a stem, by its position. */
  likenesses(vector: Vector): Map<number, number>
}

/**
 * Compares texts by the stems they share: the cosine of tf·idf vectors, with `1 + ln(times)` for tf and `ln(1 + texts / texts with
 * the stem)` for idf, so that a stem of few texts weighs more. A stem that no text has weighs most: small talk is like nothing.
 */
export function indexTexts(texts: string[][]): TextIndex {
  const occurrences = new Map<string, number>()
  for (const stems of texts) {
    for (const stem of new Set(stems)) occurrences.set(stem, (occurrences.get(stem) ?? 0) + 1)
  }

  function vectorOf(stems: string[]): Vector {
    const times = new Map<string, number>()
    for (const stem of stems) times.set(stem, (times.get(stem) ?? 0) + 1)
    const weights = [...times].map(([stem, n]): [string, number] => {
      return [stem, (1 + Math.log(n)) * Math.log(1 + texts.length / (occurrences.get(stem) ?? 1))]
    })
    const length = Math.sqrt(weights.reduce((sum, [, weight]) => sum + weight * weight, 0)) || 1
    return new Map(weights.map(([stem, weight]) => [stem, weight / length]))
  }

  const postings = new Map<string, { text: number; weight: number }[]>()
  for (const [text, stems] of texts.entries()) {
    for (const [stem, weight] of vectorOf(stems)) {
      const posting = postings.get(stem)
      if (posting) posting.push({ text, weight })
      else postings.set(stem, [{ text, weight }])
    }
  }

  function likenesses(vector: Vector): Map<number, number> {
    const found = new Map<number, number>()
    for (const [stem, weight] of vector) {
      const having = postings.get(stem) ?? []
      if (having.length > tooCommon) continue
      for (const posting of having) {
        found.set(posting.text, (found.get(posting.text) ?? 0) + posting.weight * weight)
      }
    }
    return found
  }

  return { vectorOf, likenesses }
}

/** A stem of so many texts hardly weighs, and would have every one of them looked at. */
const tooCommon = 1_000

/** The stems of a titled text; words of the title count thrice. */
export function titledStems(title: string, texts: string[]): string[] {
  const stems = stemsOf(title)
  return [...stems, ...stems, ...stems, ...texts.flatMap(stemsOf)]
}

/**
 * For each item of a sequence the text it belongs to, or null: the path with the greatest sum of likenesses minus what its changes cost
 * (Viterbi's algorithm). `floor` is the likeness of belonging to none; without it every item belongs to some text. A change of text
 * costs `move` of the item it happens at, to none and back half of it. Ties go to the first.
 */
export function likeliestPath(
  likenesses: Iterable<Map<number, number>>,
  { texts, move, floor }: { texts: number; move: (at: number) => number; floor?: number },
): (number | null)[] {
  const states = floor === undefined ? texts : texts + 1
  let totals = new Float64Array(states)
  const steps: { best: number; came: Uint8Array }[] = []
  for (const likeness of likenesses) {
    const best = greatest(totals)
    const cost = steps.length === 0 ? 0 : move(steps.length)
    const came = new Uint8Array(states)
    const fromBest = (totals[best] ?? 0) - cost
    const fromNone = (totals[texts] ?? Number.NEGATIVE_INFINITY) - cost / 2
    const arriving = Math.max(fromBest, fromNone)
    const next = totals.slice()
    for (let state = 0; state < texts; state++) {
      if (arriving <= (totals[state] ?? 0)) continue
      next[state] = arriving
      came[state] = arriving === fromBest ? origin.best : origin.none
    }
    if (floor !== undefined) {
      const giveUp = (totals[best] ?? 0) - cost / 2
      if (giveUp > (totals[texts] ?? 0)) came[texts] = origin.best
      next[texts] = Math.max(giveUp, totals[texts] ?? 0) + floor
    }
    for (const [state, value] of likeness) next[state] = (next[state] ?? 0) + value
    totals = next
    steps.push({ best, came })
  }
  let state = greatest(totals)
  const path: (number | null)[] = []
  for (const { best, came } of steps.toReversed()) {
    path.push(state < texts ? state : null)
    if (came[state] === origin.best) state = best
    else if (came[state] === origin.none) state = texts
  }
  return path.reverse()
}

const origin = { same: 0, best: 1, none: 2 }

function greatest(values: Float64Array): number {
  let best = 0
  for (const [at, value] of values.entries()) if (value > (values[best] ?? 0)) best = at
  return best
}
