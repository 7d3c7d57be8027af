import type { Score, Verdict } from './verdict.ts'

/**
 * The score by the contract's formula: 100 · Σ weights met / Σ weights, rounded half up. What is unclear counts as unmet. Passed are those who
 * met every required criterion and reached `passScore`. Throws a RangeError without criteria: nothing can be said of such an exercise.
 */
export function scoreOf(verdicts: readonly Pick<Verdict, 'weight' | 'required' | 'met'>[], passScore: number): Score {
  const all = sumOf(verdicts)
  if (all === 0) throw new RangeError('There is nothing to score.')
  const met = sumOf(verdicts.filter(isMet))
  // In whole numbers: 100 · met / all + 1/2, rounded down.
  const score = Math.floor((200 * met + all) / (2 * all))
  const passed = score >= passScore && verdicts.every((verdict) => isMet(verdict) || !verdict.required)
  return { score, passed, verdict: score === 100 ? 'correct' : score === 0 ? 'incorrect' : 'partially_correct' }
}

const isMet = ({ met }: Pick<Verdict, 'met'>) => met === 'met'

const sumOf = (verdicts: readonly Pick<Verdict, 'weight'>[]) => verdicts.reduce((sum, { weight }) => sum + weight, 0)
