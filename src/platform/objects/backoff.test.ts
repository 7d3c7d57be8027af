import { expect, test } from 'vitest'
import { pauseAfter, retry } from './backoff.ts'

const backoff = { attempts: 3, firstMs: 0, mostMs: 0 }
const signal = new AbortController().signal

test('pauses lie anywhere below a bound that doubles up to a limit', () => {
  const bounds = { attempts: 9, firstMs: 200, mostMs: 1000 }
  expect([1, 2, 3, 4, 60].map((failed) => pauseAfter(failed, bounds, () => 1))).toEqual([200, 400, 800, 1000, 1000])
  expect(pauseAfter(2, bounds, () => 0.25)).toBe(100)
  expect(pauseAfter(9, bounds, () => 0)).toBe(0)
})

/** Fails so many times, and then not. */
function failing(times: number) {
  let calls = 0
  const attempt = async () => {
    calls += 1
    if (calls <= times) throw new Error(`attempt ${calls}`)
    return calls
  }
  return { attempt, calls: () => calls }
}

test('what passes is tried again, so many times and no more', async () => {
  expect(await retry(failing(2).attempt, { passes: () => true, backoff, signal })).toBe(3)
  const { attempt, calls } = failing(9)
  await expect(retry(attempt, { passes: () => true, backoff, signal })).rejects.toThrow('attempt 3')
  expect(calls()).toBe(3)
})

test('what does not pass is told at once', async () => {
  const { attempt, calls } = failing(9)
  await expect(retry(attempt, { passes: () => false, backoff, signal })).rejects.toThrow('attempt 1')
  expect(calls()).toBe(1)
})

test('a pause ends with the signal', async () => {
  const abort = new AbortController()
  const reason = new Error('Enough.')
  const { attempt, calls } = failing(9)
  const long = { attempts: 3, firstMs: 2 ** 30, mostMs: 2 ** 30 }
  const retried = retry(attempt, { passes: () => true, backoff: long, signal: abort.signal })
  setImmediate(() => abort.abort(reason))
  await expect(retried).rejects.toBe(reason)
  expect(calls()).toBe(1)
})
