import { expect, test } from 'vitest'
import { withControl } from './control.ts'

const criteriaOf = (...ids: string[]) => ids.map((id) => ({ id, text: `Пояснено поняття ${id}` }))
const drawn = (ids: string[], times = 200) =>
  Array.from({ length: times }, () => withControl(criteriaOf(...ids), ['Змінна — це ім’я.']))

test.each<[string, string[], RegExp]>([
  ['c1, c2, c3', ['c1', 'c2', 'c3'], /^c\d{1,2}$/],
  ['words', ['зміст', 'приклад'], /^[а-яєіїґ]{5,7}$/],
  ['UUIDs', ['01a2072f-c977-76c1-ad6d-b87e8a075ead'], /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/],
  ['codes', ['k7f3', 'Q2x9'], /^[a-zA-Z]\d[a-z]\d$/],
  ['one letter', ['a'], /^[a-z]\d*$/],
  ['what has no alphabet', ['★'], /^★\d{1,3}$/],
])('of %s it has an id of their form, and none of theirs', (_what, ids, form) => {
  for (const { control } of drawn(ids)) {
    expect(control.id).toMatch(form)
    expect(ids).not.toContain(control.id)
  }
})

test('it stands in any place, and the others keep theirs', () => {
  const all = drawn(['c1', 'c2', 'c3'])
  const places = all.map(({ criteria, control }) => criteria.findIndex(({ id }) => id === control.id))
  expect([...new Set(places)].toSorted()).toEqual([0, 1, 2, 3])
  for (const { criteria, control } of all)
    expect(criteria.filter(({ id }) => id !== control.id)).toEqual(criteriaOf('c1', 'c2', 'c3'))
})

test('it is drawn anew each time, and speaks as the others do', () => {
  const all = drawn(['c1'])
  expect(new Set(all.map(({ control }) => control.word)).size).toBe(all.length)
  const [{ criteria, control } = { criteria: [], control: { id: '', word: '' } }] = all
  expect(criteria).toContainEqual({ id: control.id, text: `Відповідь містить слово «${control.word}»` })
  const english = withControl([{ id: 'c1', text: 'Explains the term' }], [])
  expect(english.criteria.map(({ text }) => text)).toContain(`The answer contains the word “${english.control.word}”`)
})

test('its word stands nowhere in the answer, the task or the criteria, in no case', () => {
  // Draws the first word of all nine times nothing, and from then on what comes next.
  const drawing = () => {
    let draws = 0
    return (below: number) => (draws++ < 9 ? 0 : 1 % below)
  }
  const wordFor = (...texts: string[]) => withControl(criteriaOf('c1'), texts, drawing()).control.word
  expect(wordFor('Змінна — це ім’я.')).toBe('бабабабаб')
  expect(wordFor('Кажуть: БАБАБАБАБА, і край.')).toBe('вевевевев')
})
