import { expect, test } from 'vitest'
import { createSlots } from './slots.ts'

const never = new AbortController().signal

test('as many as there are slots go at once, the rest in the order they came', async () => {
  const slots = createSlots(2)
  const order: string[] = []
  const first = await slots.acquire(never)
  const second = await slots.acquire(never)
  const third = slots.acquire(never).then((release) => {
    order.push('третій')
    return release
  })
  const fourth = slots.acquire(never).then(() => order.push('четвертий'))
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
  const slots = createSlots(1)
  const release = await slots.acquire(never)
  const impatient = new AbortController()
  const left = slots.acquire(impatient.signal)
  const patient = slots.acquire(never)
  impatient.abort(new Error('досить'))
  await expect(left).rejects.toThrow('досить')
  await expect(slots.acquire(impatient.signal)).rejects.toThrow('досить')
  release()
  await expect(patient).resolves.toBeTypeOf('function')
})
