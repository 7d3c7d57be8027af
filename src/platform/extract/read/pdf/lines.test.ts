import { expect, test } from 'vitest'
import { linesOf } from './lines.ts'
import type { Run } from './runs.ts'

/** Every character is half a size wide. */
function run(text: string, x: number, more: Partial<Run> = {}): Run {
  const size = more.size ?? 10
  return { text, x, y: 100, width: (text.length * size) / 2, size, spaced: false, ...more }
}

const textsOf = (...runs: Run[]) => linesOf(runs).map(({ text }) => text)

test('runs of one baseline are a line, with spaces where they are apart', () => {
  expect(textsOf(run('сло', 0), run('во', 15), run('поруч', 28), run('далі', 53, { spaced: true }))).toEqual([
    'слово поруч далі',
  ])
  expect(textsOf(run('один', 0), run('два', 0, { y: 112 }))).toEqual(['один', 'два'])
})

test('what is raised or lowered a little belongs to its line', () => {
  const lines = linesOf([run('x', 0), run('2', 5, { y: 95, size: 7 }), run(' + y', 9)])
  expect(lines).toMatchObject([{ text: 'x2 + y', y: 100, size: 10 }])
  expect(linesOf([run('1', 0, { y: 95, size: 7 }), run('Виноска', 4)])).toMatchObject([
    { text: '1 Виноска', y: 100, size: 10 },
  ])
})

test('a number that reaches into its heading is no part of its first word', () => {
  expect(textsOf(run('11.10', 0), run('Коли саме', 23))).toEqual(['11.10 Коли саме'])
  expect(textsOf(run('11', 0), run('й', 8))).toEqual(['11й'])
})

test('a row that was written from its end', () => {
  expect(textsOf(run('17', 300), run('Вступ', 0))).toEqual(['Вступ 17'])
  expect(linesOf([run('17', 300), run('Вступ', 0)])[0]?.parts.length).toBe(2)
})

test('wide gaps divide a line into parts', () => {
  expect(linesOf([run('Мова', 0), run('Рік', 100), run('народження', 119)])[0]?.parts).toEqual([
    { text: 'Мова', x: 0, right: 20 },
    { text: 'Рік народження', x: 100, right: 169 },
  ])
})
