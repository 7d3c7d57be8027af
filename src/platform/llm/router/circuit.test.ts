import { expect, test } from 'vitest'
import { createCircuit, type Health } from './circuit.ts'

function bench() {
  let ms = 1_000_000
  const changes: number[] = []
  const circuit = createCircuit({ now: () => new Date(ms), onChange: (pauseMs) => void changes.push(pauseMs) })
  /** Whether it let each try through. */
  const meet = (...healths: Health[]) =>
    healths.map((health) => {
      const tell = circuit.enter()
      tell?.(health)
      return tell !== undefined
    })
  const pass = (by: number) => {
    ms += by
  }
  return { circuit, changes, meet, pass }
}

const FIVE: Health[] = Array(5).fill('fault')

test('five faults in a row open it, anything better in between does not', () => {
  const { meet, changes, circuit } = bench()
  meet(...FIVE.slice(1), 'fine', ...FIVE.slice(1), 'unknown')
  expect(changes).toEqual([])
  expect(meet('fault', 'fault')).toEqual([true, false])
  expect(changes).toEqual([30_000])
  expect(circuit.opensInMs()).toBe(30_000)
})

test('after its pause one try goes through, and the others stay away until it is known', () => {
  const { meet, pass, circuit, changes } = bench()
  meet(...FIVE)
  pass(29_999)
  expect(meet('fine')).toEqual([false])
  pass(1)
  const probe = circuit.enter()
  expect(meet('fine')).toEqual([false])
  probe?.('fine')
  expect(changes).toEqual([30_000, 0])
  expect(meet('fine', 'fault', 'fine')).toEqual([true, true, true])
})

test('pauses double up to five minutes, and begin anew once it was closed', () => {
  const { meet, pass, changes } = bench()
  meet(...FIVE)
  for (const _ of FIVE) {
    pass(300_000)
    expect(meet('fault')).toEqual([true])
  }
  expect(changes).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000])
  pass(300_000)
  meet('fine', ...FIVE)
  expect(changes.slice(-2)).toEqual([0, 30_000])
})

test('a probe that was given up leaves its place to the next', () => {
  const { meet, pass } = bench()
  meet(...FIVE)
  pass(30_000)
  expect(meet('unknown', 'fine', 'fine')).toEqual([true, true, true])
})

test('what began before it opened does not close it, nor is it counted', () => {
  const { meet, circuit, changes } = bench()
  const [early, late] = [circuit.enter(), circuit.enter()]
  meet(...FIVE)
  early?.('fine')
  late?.('fault')
  expect(changes).toEqual([30_000])
  expect(meet('fine')).toEqual([false])
})
