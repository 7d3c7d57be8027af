import { expect, test } from 'vitest'
import { tellingOf, tells } from './telling.ts'

const titles = ['Цикл', 'Цикл for', 'Присвоювання', 'Індекси та зрізи', 'f-рядки']
const telling = tellingOf(titles)

test.each<[sentence: string, title: string, how: keyof typeof tells]>([
  ['Цикл — це повторення.', 'Цикл', 'defines'],
  ['Цикл повторює блок.', 'Цикл', 'begins'],
  ['Цикл for перебирає елементи.', 'Цикл for', 'begins'],
  ['Цикл for перебирає елементи.', 'Цикл', 'names'],
  ['Зручніший цикл for.', 'Цикл for', 'names'],
  ['Тепер про цикли.', 'Цикл', 'mentions'],
  ['Ця дія називається присвоюванням.', 'Присвоювання', 'defines'],
  ['Присвоюванням змінної щось називають інакше.', 'Присвоювання', 'mentions'],
  ['До елемента звертаємося за індексом.', 'Індекси та зрізи', 'mentions'],
  ['Зрізи беруть частину списку.', 'Індекси та зрізи', 'begins'],
  ['А ще є f-рядки.', 'f-рядки', 'names'],
  ['Варимо бульйон.', 'Цикл', 'nothing'],
])('%s — for %s it %s', (sentence, title, how) => {
  expect(telling(sentence)[titles.indexOf(title)]).toBe(tells[how])
})
