import { expect, test } from 'vitest'
import { definedTerm } from './definitions.ts'

const prose = { inList: false }

test.each([
  ['Змінна — це ім’я, за яким програма зберігає значення.', 'Змінна'],
  ['Змінна – це іменоване місце.', 'Змінна'],
  ['Змінна - це іменоване місце.', 'Змінна'],
  ['Ціле число (int) — це число без дробової частини.', 'Ціле число'],
  ['Словник, або асоціативний масив, — це набір пар.', 'Словник'],
  ['f-рядок — це рядок із літерою f перед лапками.', 'f-рядок'],
  ['Область видимості змінної — це частина програми, де її видно.', 'Область видимості змінної'],
  ['«Стек» — це список, з якого беруть останнє.', 'Стек'],
  ['`range` — це послідовність чисел.', 'range'],
  ['Отже, змінна — це ім’я значення.', 'Змінна'],
  ['**Алгоритм** — скінченна послідовність кроків.', 'Алгоритм'],
  ['**Алгоритм**: скінченна послідовність кроків.', 'Алгоритм'],
  ['C++ — це мова програмування.', 'C++'],
  ['A list is an ordered collection of values.', 'list'],
  ['An algorithm is a finite sequence of steps.', 'algorithm'],
  ['Recursion (self-reference) is a technique.', 'Recursion'],
  ['Polymorphism means that one name has many forms.', 'Polymorphism'],
  ['Tuples are the simplest collections.', 'Tuples'],
])('%s', (sentence, term) => {
  expect(definedTerm(sentence, prose)).toBe(term)
})

test.each([
  ['Це — найпростіший спосіб.'],
  ['Головне — це практика.'],
  ['Найкращий спосіб навчитися — це писати код.'],
  ['Перше правило — це порядок.'],
  ['Інший приклад — це список покупок.'],
  ['Якщо ключа немає — це помилка.'],
  ['Читайте документацію — це корисно.'],
  ['Цикл повторює дії.'],
  ['Київ — столиця України.'],
  ['Вона пам’ятає все, а це важливо.'],
  ['У цьому модулі, який ми щойно почали, ви дізнаєтеся багато нового про те, що таке програма — це буде цікаво.'],
  ['This is a list.'],
  ['It is the best way.'],
  ['Here is an example.'],
  ['The main reason is the speed.'],
  ['What is a variable?'],
  ['The loop is fast.'],
  [''],
])('no term in: %s', (sentence) => {
  expect(definedTerm(sentence, prose)).toBeNull()
})

test('in a list a dash is enough', () => {
  expect(definedTerm('int — ціле число', { inList: true })).toBe('int')
  expect(definedTerm('float (дійсне) – число з дробовою частиною', { inList: true })).toBe('float')
  expect(definedTerm('int — ціле число', prose)).toBeNull()
  expect(definedTerm('Головне — не поспішати', { inList: true })).toBeNull()
  expect(definedTerm('Київ — Одеса', { inList: true })).toBeNull()
})
