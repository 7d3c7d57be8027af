import { expect, test } from 'vitest'
import { createTurns } from './index.ts'

const never = new AbortController().signal

test('as many as there are turns go at once, the rest in the order they came', async () => {
  const turns = createTurns({ total: 2, perKey: 2 })
  const order: string[] = []
  const first = await turns.acquire('хто', never)
  const second = await turns.acquire('хто', never)
  const third = turns.acquire('хто', never).then((release) => {
    order.push('третій')
    return release
  })
  const fourth = turns.acquire('хто', never).then(() => order.push('четвертий'))
  await Promise.resolve()
  expect(order).toEqual([])
  second()
  second()
  const releaseThird = await third
  expect(order).toEqual(['третій'])
  releaseThird()
  first()
  await fourth
  expect(order).toEqual(['третій', 'четвертий'])
})

test('who is aborted while waiting leaves the queue and takes nothing with them', async () => {
  const turns = createTurns({ total: 1, perKey: 1 })
  const release = await turns.acquire('хто', never)
  const impatient = new AbortController()
  const left = turns.acquire('хто', impatient.signal)
  const patient = turns.acquire('хто', never)
  impatient.abort(new Error('досить'))
  await expect(left).rejects.toThrow('досить')
  await expect(turns.acquire('хто', impatient.signal)).rejects.toThrow('досить')
  release()
  await expect(patient).resolves.toBeTypeOf('function')
})

test('one key never holds more than its share, and keeps nobody else waiting', async () => {
  const turns = createTurns({ total: 4, perKey: 2 })
  const releases = [await turns.acquire('а', never), await turns.acquire('а', never)]
  let third = false
  const waiting = turns.acquire('а', never).then(() => {
    third = true
  })
  await turns.acquire('б', never)
  expect(third).toBe(false)
  releases[0]?.()
  await waiting
  expect(third).toBe(true)
})

test('who does not wait gets a turn at once or none', () => {
  const turns = createTurns({ total: 3, perKey: 2 })
  const [first, second] = [turns.tryAcquire('а'), turns.tryAcquire('а')]
  expect([first, second]).toEqual([expect.any(Function), expect.any(Function)])
  expect(turns.tryAcquire('а')).toBeUndefined()
  expect(turns.tryAcquire('б')).toBeTypeOf('function')
  expect(turns.tryAcquire('в')).toBeUndefined()
  first?.()
  expect(turns.tryAcquire('в')).toBeTypeOf('function')
})
