import { expect, test, vi } from 'vitest'
import { createProgress } from './progress.ts'

test('progress is written when it leaps, and otherwise at most once a second', async () => {
  vi.useFakeTimers()
  try {
    const written: number[] = []
    const progress = createProgress(async (fraction) => void written.push(fraction))
    const report = async (fraction: number) => {
      progress.report(fraction)
      await vi.advanceTimersByTimeAsync(1)
    }
    for (let step = 1; step <= 500; step++) await report(step / 1000)
    expect(written.map((fraction) => fraction.toFixed(1))).toEqual(['0.0', '0.1', '0.2', '0.3', '0.4'])
    await vi.advanceTimersByTimeAsync(1000)
    await report(0.45)
    expect(written.at(-1)).toBe(0.45)
  } finally {
    vi.useRealTimers()
  }
})

test('progress never goes back, beyond the whole, or to what is no number', async () => {
  const written: number[] = []
  const progress = createProgress(async (fraction) => void written.push(fraction))
  for (const fraction of [0.5, 0.2, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 2]) {
    progress.report(fraction)
    await Promise.resolve()
    await Promise.resolve()
  }
  expect(written).toEqual([0.5, 1])
})

test('settling waits for the write under way and lets none follow', async () => {
  const gate = Promise.withResolvers<void>()
  const written: number[] = []
  const progress = createProgress(async (fraction) => {
    await gate.promise
    written.push(fraction)
  })
  progress.report(0.3)
  const settled = progress.settle()
  progress.report(0.9)
  gate.resolve()
  await settled
  progress.report(1)
  expect(written).toEqual([0.3])
})
