import { expect, test } from 'vitest'
import { stemsOf } from './stems.ts'

test.each([
  ['змінна змінну змінної змінні змінних змінною'],
  ['цикл цикли циклу циклом циклами циклів'],
  ['функція функції функцію функцій функцією'],
  ['умова умови умову умовою умов'],
  ['список списку списки списків'],
  ['рядок рядка рядки рядків'],
  ["об’єкт об'єкта обʼєкти"],
  ['loop loops looping'],
  ['variable variables'],
])('%s are one word', (words) => {
  expect(new Set(stemsOf(words)).size).toBe(1)
})

test('the commonest words, numbers and single letters say nothing', () => {
  expect(stemsOf('А що це таке? This is the 2025 a.')).toEqual([])
})

test('different words stay different', () => {
  const words = 'змінна цикл функція умова список словник рядок число клас модуль'
  expect(new Set(stemsOf(words)).size).toBe(10)
})
