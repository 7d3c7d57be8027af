import { stemsOf } from './stems.ts'

/** A text as weights of its stems, of length 1. */
export type Vector = Map<string, number>

export type TextIndex = {
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
      for (const posting of postings.get(stem) ?? []) {
        found.set(posting.text, (found.get(posting.text) ?? 0) + posting.weight * weight)
      }
    }
    return found
  }

  return { vectorOf, likenesses }
}

/** The stems of a titled text; words of the title count thrice. */
export function titledStems(title: string, texts: string[]): string[] {
  const stems = stemsOf(title)
  return [...stems, ...stems, ...stems, ...texts.flatMap(stemsOf)]
}

/**
 * For each item of a sequence the text it belongs to, or null: the path with the greatest sum of likenesses minus what its changes cost
 * (Viterbi's algorithm). `floor` is the likeness of belonging to none; without it every item belongs to some text. A change of text
 * costs `move`, to none and back half of it. Ties go to the first.
 */
export function likeliestPath(
  likenesses: Map<number, number>[],
  { texts, move, floor }: { texts: number; move: number; floor?: number },
): (number | null)[] {
  const states = floor === undefined ? texts : texts + 1
  let totals = new Float64Array(states)
  const steps: { best: number; came: Uint8Array }[] = []
  for (const [at, likeness] of likenesses.entries()) {
    const best = greatest(totals)
    const cost = at === 0 ? 0 : move
    const came = new Uint8Array(states)
    totals = totals.map((staying, state) => {
      const fromBest = (totals[best] ?? 0) - (state === texts ? cost / 2 : cost)
      const fromNone = (totals[texts] ?? Number.NEGATIVE_INFINITY) - cost / 2
      const most = Math.max(staying, fromBest, fromNone)
      came[state] = most === staying ? origin.same : most === fromBest ? origin.best : origin.none
      return most + (state === texts ? (floor ?? 0) : (likeness.get(state) ?? 0))
    })
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
