import { expect, test } from 'vitest'
import type { ChunkKind } from '#kernel/chunk.ts'
import { announces, isExample, isGreeting, sentencesOf } from './sentences.ts'

const split = (text: string, kind: ChunkKind = 'paragraph') => {
  return sentencesOf({ order: 1, kind, text, locator: { page: 1 } })
}

test.each([
  ['Один. Два! Три? Чотири…', ['Один.', 'Два!', 'Три?', 'Чотири…']],
  ['Числа, рядки і т. д. Далі буде.', ['Числа, рядки і т. д. Далі буде.']],
  ['Див. Розділ 2. Там є все.', ['Див. Розділ 2.', 'Там є все.']],
  ['Він сказав: «Годі!» І пішов.', ['Він сказав: «Годі!»', 'І пішов.']],
  ['Версія 3.14 вийшла. Оновіть Python.', ['Версія 3.14 вийшла.', 'Оновіть Python.']],
  ['Виклик print(a). `print` виводить текст.', ['Виклик print(a).', '`print` виводить текст.']],
  ['Працює у версіях, напр. Python 3, а також пізніших.', ['Працює у версіях, напр. Python 3, а також пізніших.']],
  ['Без крапки', ['Без крапки']],
  ['Перший абзац\n\nдругий абзац', ['Перший абзац', 'другий абзац']],
  ['Рядок\nдалі той самий.', ['Рядок\nдалі той самий.']],
  ['— ! ?', []],
])('%s', (text, sentences) => {
  expect(split(text)).toEqual(sentences)
})

test('items of lists are sentences without their marks, code has none', () => {
  expect(split('- int — ціле\n  - float — дійсне\n10. Третє. Четверте', 'list')).toEqual([
    'int — ціле',
    'float — дійсне',
    'Третє.',
    'Четверте',
  ])
  expect(split('print(1). Далі', 'code')).toEqual([])
})

test('examples, announcements, greetings', () => {
  expect(isExample('Наприклад, range(5) дає п’ять чисел.')).toBe(true)
  expect(isExample('For example, a list.')).toBe(true)
  expect(isExample('Наприклад:')).toBe(false)
  expect(isExample('Наприкладний рівень')).toBe(false)
  expect(announces('Є два види: ')).toBe(true)
  expect(isGreeting('Доброго дня, друзі!')).toBe(true)
  expect(isGreeting('Добре названа функція робить одну справу.')).toBe(false)
})
