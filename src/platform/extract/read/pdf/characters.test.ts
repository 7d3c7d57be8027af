import { expect, test } from 'vitest'
import { judgeCharacters } from './characters.ts'

test('Cyrillic under Latin names is restored, Latin with accents is left alone', () => {
  const old = 'Îðôîãðàôi÷íi ïðàâèëà ïåðåíîñó — «³».'
  expect(judgeCharacters([old]).restore(old)).toBe('Орфографiчнi правила переносу — «і».')
  const french = 'Élève âgé, où êtes-vous allé à l’été dernier ?'
  expect(judgeCharacters([french]).restore(french)).toBe(french)
})

test.each([
  ['Звичайний текст без пригод', false],
  ['Текст із двома\ue001 значками\uf0b7', false],
  ['\ue010\ue011\ue012\ue013'.repeat(10), true],
  ['7H[W\u0003ZLWKRXW\u0003PHDQLQJ\u0003DW\u0003DOO', true],
  ['\ue010\ue011', false],
])('%j garbled: %s', (text, garbled) => {
  expect(judgeCharacters([text]).garbled).toBe(garbled)
})
