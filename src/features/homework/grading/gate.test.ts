import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gate, type RejectionCode, rejectionMessage } from './gate.ts'
import { languageOf } from './language.ts'

const TASK = 'Поясніть, чому небо блакитне, а захід сонця червоний.'

describe('the gate', () => {
  test.each<[string, string, string, number]>([
    ['leaves plain text', 'Так, м’ята\n\tзелена.', 'Так, м’ята\n\tзелена.', 0],
    ['composes letters', 'їжак'.normalize('NFD'), 'їжак', 0],
    ['has one kind of line end', 'a\r\nb\rc\u2028d\fe', 'a\nb\nc\nd\ne', 0],
    ['takes out controls', 'a\u0007b\u001B[31m', 'ab[31m', 0],
    ['takes out soft hyphens and a byte order mark', '\uFEFFеко\u00ADномі\u00ADка', 'економіка', 0],
    ['takes out marks of direction', 'a\u200F b\u202A', 'a b', 0],
    ['counts overrides of direction', 'a\u202Eb', 'ab', 1],
    ['counts zero-width characters within a word', 's\u200Bc\u200Dore', 'score', 2],
    ['not beside a word, as pages have them', 'слово\u200B слово', 'слово слово', 0],
    ['counts tags', 'a\u{E0073}\u{E0065}', 'a', 2],
    ['not those of a flag', 'a🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}', 'a🏴', 0],
    ['leaves joiners in emoji', 'a 👨\u200D👩\u200D👧', 'a 👨\u200D👩\u200D👧', 0],
    ['leaves joiners in scripts that need them', 'می\u200Cخواهم', 'می\u200Cخواهم', 0],
    ['counts selectors that spell bytes', 'a\uFE01\uFE02\uFE03', 'a', 1],
    ['repairs half a character', 'абвгґдеєжзиіїйклмнопрст\uD83D', 'абвгґдеєжзиіїйклмнопрст\uFFFD', 0],
    ['composes what a hidden character kept apart', 'и\u200B\u0306', 'й', 0],
  ])('%s', (_what, answer, text, hidden) => expect(gate(answer, TASK)).toEqual({ text, hidden }))

  test.each<[string, string, RejectionCode]>([
    ['nothing', ' \n\t', 'empty'],
    ['what cannot be seen', '\u200B\u2060\u{E0041}', 'empty'],
    ['punctuation', '... ?!', 'empty'],
    ['one letter', 'аААаа аааааа ааааа аааааа', 'repetition'],
    ['the task', TASK.toUpperCase(), 'copy_of_task'],
    ['most of the task', 'чому небо блакитне, а захід сонця червоний', 'copy_of_task'],
    ['what was read in a wrong encoding', '\uFFFD\uFFFDабв\uFFFDг', 'unreadable'],
    ['a book', 'слово '.repeat(20_000), 'too_long'],
  ])('turns %s away', (_what, answer, rejected) => expect(gate(answer, TASK)).toEqual({ rejected }))

  test.each(['так', '5', '→ ∅ =', '11110100001001000000', 'ATATATATATATATATATATATAT', 'аааа', 'небо блакитне'])(
    'takes %j',
    (answer) => expect(gate(answer, TASK)).toEqual({ text: answer, hidden: 0 }),
  )

  test('changes nothing that it let through once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (answer) => {
        const once = gate(`а${answer}`, TASK)
        if ('text' in once) expect(gate(once.text, TASK)).toMatchObject({ text: once.text })
      }),
    )
  })

  test('says why in the student’s language', () => {
    for (const code of ['empty', 'too_long', 'unreadable', 'repetition', 'copy_of_task'] as const) {
      expect(rejectionMessage(code, 'uk-UA')).toMatch(/[а-яіїє]/)
      expect(rejectionMessage(code, 'de')).not.toMatch(/[а-яіїє]/)
    }
  })
})

test.each<[string | null, string, 'uk' | 'en']>([
  [null, 'Рослини зелені', 'uk'],
  [null, 'Plants are green', 'en'],
  [null, 'print("Привіт, світе, як справи")', 'uk'],
  [null, '42', 'en'],
  ['uk', 'Plants', 'uk'],
  ['uk-UA', 'Plants', 'uk'],
  ['en', 'Рослини', 'en'],
  ['de', 'Рослини', 'en'],
])('asked for %j, of %j: %s', (asked, text, language) => expect(languageOf(asked, text)).toBe(language))
