import { expect, test } from 'vitest'
import type { Cue } from './cues.ts'
import { foldRolling } from './rolling.ts'

const cue = (start: number, end: number, ...lines: string[]): Cue => ({ start, end, lines })
const folded = (...cues: Cue[]) => foldRolling(cues).map(({ start, end, lines }) => [start, end, ...lines])

test('rolling captions: every line is there once, at the time it came in', () => {
  expect(
    folded(
      cue(0, 2, 'добрий день'),
      cue(2, 2.01, 'добрий день'),
      cue(2.01, 4, 'добрий день', 'сьогодні змінні'),
      cue(4, 4.01, 'сьогодні змінні'),
      cue(4.01, 6, 'сьогодні змінні', 'і функції'),
    ),
  ).toEqual([
    [0, 2.01, 'добрий день'],
    [2.01, 4.01, 'сьогодні змінні'],
    [4.01, 6, 'і функції'],
  ])
})

test('captions that grow word by word', () => {
  expect(folded(cue(0, 2, 'сьогодні'), cue(1, 3, 'сьогодні ми'), cue(2, 4, 'сьогодні ми вивчимо'))).toEqual([
    [0, 2, 'сьогодні'],
    [1, 3, 'ми'],
    [2, 4, 'вивчимо'],
  ])
})

test('the same words in overlapping cues are there once', () => {
  expect(folded(cue(0, 3, 'так'), cue(1, 4, 'так'))).toEqual([[0, 4, 'так']])
})

test('the same words said twice, one after the other, are there twice', () => {
  expect(folded(cue(0, 2, 'Так.'), cue(2, 4, 'Так.'), cue(9, 10, 'Так.'))).toEqual([
    [0, 2, 'Так.'],
    [2, 4, 'Так.'],
    [9, 10, 'Так.'],
  ])
})

test('empty cues are dropped and fold nothing', () => {
  expect(folded(cue(0, 1), cue(1, 2, 'а'), cue(2, 3), cue(3, 4, 'б'))).toEqual([
    [1, 2, 'а'],
    [3, 4, 'б'],
  ])
})
