import { expect, test } from 'vitest'
import { type FuzzRun, fuzz } from './fixtures/fuzz.ts'

test('damaged files of every format end as text or as an error that is known, and soon', async () => {
  const runs: FuzzRun[] = []
  for await (const run of fuzz(320)) runs.push(run)
  expect(runs.filter(({ ended }) => ended instanceof Error)).toEqual([])
  expect(runs.filter(({ ms }) => ms > 2_000)).toEqual([])
  expect(new Set(runs.map(({ ended }) => ended))).toEqual(new Set(['read', 'refused']))
  expect(runs.length).toBe(320)
}, 30_000)
