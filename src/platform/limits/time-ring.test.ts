import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTimeRing, dropBefore, dropOldest, push, type TimeRing, timeAt } from './time-ring.ts'

const contents = (ring: TimeRing) => Array.from({ length: ring.length }, (_, index) => timeAt(ring, index))

test('holds what an array would hold, in memory proportional to it', () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ dropBefore: fc.integer({ min: 0, max: 200 }) }),
    fc.constant('dropOldest' as const),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const ring = createTimeRing()
      let model: number[] = []
      let time = 0
      for (const action of steps) {
        if (action === 'dropOldest') {
          if (model.shift() !== undefined) dropOldest(ring)
        } else if ('push' in action) {
          time += action.push
          model.push(time)
          push(ring, time, 1000)
        } else {
          model = model.filter((kept) => kept >= time - action.dropBefore)
          dropBefore(ring, time - action.dropBefore)
          expect(ring.times.length).toBeLessThanOrEqual(Math.max(4, model.length * 4))
        }
        expect(contents(ring)).toEqual(model)
      }
    }),
  )
})

test('grows by doubling, no further than it is allowed to', () => {
  const ring = createTimeRing()
  const capacities = new Set<number>()
  for (let time = 0; time < 60; time += 1) {
    push(ring, time, 60)
    capacities.add(ring.times.length)
  }
  expect([...capacities]).toEqual([4, 8, 16, 32, 60])
  dropBefore(ring, 1000)
  expect(ring.times.length).toBe(4)
})
