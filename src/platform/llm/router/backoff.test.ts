import { expect, test } from 'vitest'
import { askedPauseMs, pauseAfter } from './backoff.ts'

const now = new Date('2026-03-01T10:00:00Z')

test.each([
  [{ 'retry-after': '7' }, undefined, 7_000],
  [{ 'retry-after': '0.5' }, undefined, 500],
  [{ 'retry-after': 'Sun, 01 Mar 2026 10:00:20 GMT' }, undefined, 20_000],
  [{ 'retry-after': 'Sun, 01 Mar 2026 09:00:00 GMT' }, undefined, 0],
  [{ 'retry-after-ms': '250', 'retry-after': '1' }, undefined, 250],
  [{ 'retry-after': '900' }, undefined, 900_000],
  [{ 'retry-after': '999999999' }, undefined, 900_000],
  [{ 'retry-after-ms': '999999999999' }, undefined, 900_000],
  [{ 'retry-after': 'Sun, 01 Mar 2099 10:00:20 GMT' }, undefined, 900_000],
  [undefined, '{"retryDelay": "999999999s"}', 900_000],
  [{ 'retry-after': '-1' }, undefined, undefined],
  [{ 'retry-after': 'soon' }, undefined, undefined],
  [{ 'retry-after': '9999999999999999999999' }, undefined, undefined],
  [undefined, '{"error":{"details":[{"retryDelay": "34.074824224s"}]}}', 34_075],
  [undefined, undefined, undefined],
])('%j %s asks for %s ms', (headers, body, ms) => {
  expect(askedPauseMs(headers as Record<string, string> | undefined, body, now)).toBe(ms)
})

test('pauses lie anywhere below a bound that doubles, and are no shorter than asked for', () => {
  expect([1, 2, 3, 9].map((failed) => pauseAfter(failed, undefined, () => 1))).toEqual([1_000, 2_000, 4_000, 30_000])
  expect(pauseAfter(3, undefined, () => 0)).toBe(0)
  expect(pauseAfter(1, 7_000, () => 1)).toBe(7_000)
  expect(pauseAfter(4, 7_000, () => 1)).toBe(8_000)
})
