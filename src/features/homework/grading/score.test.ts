import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scoreOf } from './score.ts'
import type { Met } from './verdict.ts'

const verdict = (met: Met, weight = 1, required = false) => ({ met, weight, required })

describe('a score', () => {
  test.each<[string, ReturnType<typeof verdict>[], number, object]>([
    ['all met', [verdict('met'), verdict('met', 3)], 60, { score: 100, passed: true, verdict: 'correct' }],
    ['none met', [verdict('not_met'), verdict('unclear')], 0, { score: 0, passed: true, verdict: 'incorrect' }],
    [
      'one of eight, half up',
      [verdict('met'), verdict('not_met', 3), verdict('not_met', 3), verdict('not_met')],
      13,
      { score: 13, passed: true },
    ],
    [
      'two of three',
      [verdict('met', 2), verdict('not_met')],
      67,
      { score: 67, passed: true, verdict: 'partially_correct' },
    ],
    ['a required one unmet', [verdict('met', 3), verdict('not_met', 1, true)], 60, { score: 75, passed: false }],
    ['a required one unclear', [verdict('met', 3), verdict('unclear', 1, true)], 60, { score: 75, passed: false }],
    ['just below', [verdict('met', 2), verdict('not_met')], 68, { score: 67, passed: false }],
  ])('%s', (_what, verdicts, passScore, expected) => {
    expect(scoreOf(verdicts, passScore)).toMatchObject(expected)
  })

  test('of nothing is an error', () => {
    expect(() => scoreOf([], 60)).toThrow(RangeError)
  })

  const verdicts = fc.array(
    fc.record({
      met: fc.constantFrom<Met>('met', 'not_met', 'unclear'),
      weight: fc.integer({ min: 1, max: 3 }),
      required: fc.boolean(),
    }),
    { minLength: 1, maxLength: 50 },
  )
  const passScore = fc.integer({ min: 0, max: 100 })

  test('never falls, nor is a pass lost, when one more criterion is met', () => {
    fc.assert(
      fc.property(verdicts, passScore, fc.nat(), (all, pass, at) => {
        const better = all.with(at % all.length, { ...all[at % all.length], met: 'met' } as (typeof all)[number])
        const [before, after] = [scoreOf(all, pass), scoreOf(better, pass)]
        expect(after.score).toBeGreaterThanOrEqual(before.score)
        expect(after.passed || !before.passed).toBe(true)
      }),
    )
  })

  test('does not depend on the order of criteria', () => {
    const shuffled = verdicts.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    )
    fc.assert(
      fc.property(shuffled, passScore, ([all, other], pass) => {
        expect(scoreOf(other, pass)).toEqual(scoreOf(all, pass))
      }),
    )
  })

  test('is what exact fractions say', () => {
    fc.assert(
      fc.property(verdicts, (all) => {
        const sum = (some: typeof all) => BigInt(some.reduce((total, { weight }) => total + weight, 0))
        const [met, total] = [sum(all.filter(({ met }) => met === 'met')), sum(all)]
        const { score } = scoreOf(all, 60)
        // score − 1/2 ≤ 100 · met / total < score + 1/2
        expect(200n * met >= (2n * BigInt(score) - 1n) * total && 200n * met < (2n * BigInt(score) + 1n) * total).toBe(
          true,
        )
      }),
    )
  })
})
