import { expect, test } from 'vitest'
import { titleKey } from './title-key.ts'

test.each([
  ['Змінні', 'ЗМІННІ'],
  ['1.2 Змінні', 'змінні'],
  ['1. Змінні', 'Змінні'],
  ['2) Змінні', 'Змінні'],
  ['§ 4.1. Змінні', 'Змінні'],
  ['Розділ 3. Цикли', 'Цикли'],
  ['Лекція 2: цикли', 'Цикли'],
  ['Тема №4 — Цикли', 'Цикли'],
  ['МОДУЛЬ IV. Цикли', 'Цикли'],
  ['Lesson 12 - Loops', 'loops'],
  ['IV. Цикли', 'Цикли'],
  ["Об'єкти та зв'язки", 'Обʼєкти та зв’язки'],
  ['  Цикл\u00a0\tfor ', 'цикл for'],
  ['«Умови» (if, else)', 'Умови: if / else'.replace(' /', '')],
  ['Йогурт', 'Йогурт'.normalize('NFD')],
])('%s is the title %s', (first, second) => {
  expect(titleKey(first)).toBe(titleKey(second))
})

test.each([
  ['C++', 'C'],
  ['C#', 'C'],
  ['Оператор =', 'Оператор =='],
  ['Цикл for', 'Цикл while'],
  ['Розділ 3', 'Розділ 4'],
  ['3', '4'],
  ['2 способи', '3 способи'],
  ['3D-графіка', 'Графіка'],
  ['Лекціянти', 'янти'],
  ['Іван', 'ван'],
  ['2025 рік', 'рік'],
])('%s is not the title %s', (first, second) => {
  expect(titleKey(first)).not.toBe(titleKey(second))
})

test('a title of punctuation only keeps it', () => {
  expect(titleKey(' ??? ')).toBe('???')
})
