import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Brief } from '../architect/port.ts'
import { createCounting } from './counting.ts'

const window = { contextWindow: 128_000, maxOutput: 16_000 }
const windows = { material_analysis: window, course_structuring: window }
const brief: Brief = { course: { title: 'Т', description: null, learningGoal: null }, materials: [], slideTimes: [] }
const calls = [{ action: 'material_analysis' as const, input: 1, output: 2 }]

/** Counting that goes on until it is told to end, and whose courses it has read. */
function inHand() {
  const read: string[] = []
  const ends: (() => void)[] = []
  const count = createCounting(async (_brief, all) => {
    await new Promise<void>((resolve) => ends.push(resolve))
    return all.map(() => calls)
  })
  const ask = (tenantId: string, ...names: string[]) =>
    count({
      tenantId,
      wanted: new Map(names.map((name) => [name, windows])),
      readBrief: async () => {
        read.push(`${tenantId} ${names.join()}`)
        return brief
      },
    })
  const end = async () => {
    await setImmediate()
    ends.shift()?.()
    await setImmediate()
  }
  return { ask, read, end }
}

test('a tenant that asks much neither keeps others waiting nor has more than one course read at a time', async () => {
  const { ask, read, end } = inHand()
  const own = ['1', '2', '3'].map((name) => ask('а', name))
  const rival = ask('б', 'x')
  const third = ask('в', 'y')
  await setImmediate()
  expect(read).toEqual(['а 1', 'б x'])
  await end()
  expect(read).toEqual(['а 1', 'б x', 'а 2'])
  for (let left = 4; left > 0; left--) await end()
  expect(await Promise.all([...own, rival, third])).toHaveLength(5)
  expect(read).toHaveLength(5)
})

test('more than a few waiting orders of one tenant are refused, and those of others are not', async () => {
  const { ask, end } = inHand()
  const taken = ['1', '2', '3', '4', '5'].map((name) => ask('а', name))
  await expect(ask('а', '6')).rejects.toMatchObject({
    kind: 'limited',
    code: 'structure.estimates_busy',
    retryAfter: 5,
  })
  const rival = ask('б', 'x')
  for (let left = 6; left > 0; left--) await end()
  await Promise.all([...taken, rival])
  const later = ask('а', '6')
  await end()
  expect((await later).get('6')).toEqual(calls)
})

test('what was counted is not counted again, at once or later, until it is forgotten', async () => {
  const { ask, read, end } = inHand()
  const same = Array.from({ length: 25 }, () => ask('а', '1', '2'))
  await end()
  for (const counts of await Promise.all(same))
    expect([...counts]).toEqual([
      ['1', calls],
      ['2', calls],
    ])
  expect([...(await ask('а', '2'))]).toEqual([['2', calls]])
  expect(read).toEqual(['а 1,2'])
  for (let at = 0; at < 64; at++) {
    const other = ask('а', `m${at}`)
    await end()
    await other
  }
  const again = ask('а', '2')
  await end()
  await again
  expect(read.at(-1)).toBe('а 2')
})

test('a failure is told to those who asked, and takes nobody’s turn', async () => {
  let fails = true
  const count = createCounting(async () => {
    if (fails) throw new Error('no')
    return [calls]
  })
  const ask = () => count({ tenantId: 'а', wanted: new Map([['1', windows]]), readBrief: async () => brief })
  await expect(ask()).rejects.toThrow('no')
  fails = false
  expect((await ask()).get('1')).toEqual(calls)
})
