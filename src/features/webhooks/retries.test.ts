import { describe, expect, test } from 'vitest'
import { GIVE_UP_HOURS, judge, pauseAfter, WAITS } from './retries.ts'

const answer = (status: number, retryAfterSeconds: number | null = null) => ({ status, retryAfterSeconds })

test('attempts are spread over a day', () => {
  const hours = WAITS.reduce((sum, wait) => sum + wait, 0) / 3_600
  expect(hours).toBeGreaterThan(23)
  expect(hours).toBeLessThan(24)
  expect(GIVE_UP_HOURS).toBeGreaterThan(24)
  for (const [index, wait] of WAITS.entries()) expect(wait).toBeGreaterThanOrEqual(WAITS[index - 1] ?? 0)
})

test.each([200, 201, 202, 204, 299])('%i is delivered', (status) => {
  expect(judge(answer(status), 1)).toMatchObject({
    status: 'delivered',
    lastStatus: status,
    lastError: null,
    isDown: false,
  })
})

test.each([301, 302, 307, 308, 400, 401, 404, 429, 500, 503])('%i is tried again', (status) => {
  const verdict = judge(answer(status), 1)
  expect(verdict).toMatchObject({ status: 'pending', waitSeconds: 5, lastStatus: status, isDown: true })
  expect(verdict.lastError).toContain(String(status))
})

test('silence is tried again, and says why', () => {
  expect(judge({ error: 'Ніхто не відповів.' }, 3)).toMatchObject({
    ...{ status: 'pending', waitSeconds: 120, lastStatus: null, lastError: 'Ніхто не відповів.', isDown: true },
  })
  expect(judge({ error: 'x'.repeat(900) }, 1).lastError).toHaveLength(500)
})

test('gone is gone', () => {
  expect(judge(answer(410), 1)).toMatchObject({ status: 'failed', lastStatus: 410, isDown: false })
})

test('the last attempt is the last', () => {
  expect(judge(answer(500), WAITS.length)).toMatchObject({ status: 'pending', waitSeconds: WAITS.at(-1) })
  expect(judge(answer(500), WAITS.length + 1)).toMatchObject({ status: 'failed', lastStatus: 500 })
})

describe('who asks to be left alone is, within bounds', () => {
  test.each([
    [503, 60, 60],
    [429, 1, 5],
    [429, 999_999, 3_600],
    [500, 60, 5],
    [503, null, 5],
  ])('%i with Retry-After %s waits %i s', (status, retryAfter, wait) => {
    expect(judge(answer(status, retryAfter), 1).waitSeconds).toBe(wait)
  })
})

test('a receiver that stays down is left alone for longer and longer, to five minutes', () => {
  expect([1, 2, 5, 8, 9, 1_000_000].map(pauseAfter)).toEqual([2, 4, 32, 256, 300, 300])
})
