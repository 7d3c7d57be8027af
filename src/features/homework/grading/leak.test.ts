import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DISGUISES, HONEST_FEEDBACK, SECRETS } from './fixtures/feedback.ts'
import { leaksOf, withoutLeaks } from './leak.ts'

const SOLUTION =
  'Небо блакитне, бо молекули повітря розсіюють короткі хвилі світла сильніше, ніж довгі; м’яке світло заходу проходить довший шлях.'
const found = (feedback: string, solution = SOLUTION, known: string[] = []) =>
  leaksOf(feedback, solution, known).map(({ start, end }) => feedback.slice(start, end))

describe('a feedback leaks', () => {
  test.each<[string, string, string[]]>([
    [
      'what it copies',
      'Треба: «молекули повітря розсіюють короткі хвилі світла сильніше, ніж довгі».',
      ['молекули повітря розсіюють короткі хвилі світла сильніше, ніж довгі'],
    ],
    [
      'in other case and typography',
      'МОЛЕКУЛИ ПОВІТРЯ — розсіюють КОРОТКІ хвилі світла, сильніше ніж',
      ['МОЛЕКУЛИ ПОВІТРЯ — розсіюють КОРОТКІ хвилі світла, сильніше ніж'],
    ],
    [
      'with another apostrophe, decomposed',
      "довгі; м'яке світло заходу проходить довший шлях".normalize('NFD'),
      ["довгі; м'яке світло заходу проходить довший шлях".normalize('NFD')],
    ],
    ['not by speaking of the subject', 'Подумайте, як молекули повітря розсіюють світло.', []],
    ['not by nothing', '', []],
  ])('%s', (_what, feedback, leaks) => expect(found(feedback)).toEqual(leaks))

  test('not what the student or the task says', () => {
    const said = 'Молекули повітря розсіюють короткі хвилі світла сильніше, ніж довгі'
    expect(found(`Правильно: ${said}.`, SOLUTION, ['Завдання', `Бо ${said.toLowerCase()}!`])).toEqual([])
    expect(found(`${said}; м’яке світло заходу проходить довший шлях`, SOLUTION, [said])).toHaveLength(1)
  })

  test.each<[string, string, string[]]>([
    ['42', 'Відповідь — 42.', ['42']],
    ['Ялта, 1945', 'Шукайте: Ялта 1945', ['Ялта 1945']],
    ['Фотосинтез', 'Це фотосинтез!', ['фотосинтез']],
    ['Так', 'Так, спробуйте ще.', []],
    ['', 'Добре.', []],
    ['print(sum(range(10)))', 'Напишіть print(sum(range(10))).', ['print(sum(range(10']],
  ])('a short solution %j in %j', (solution, feedback, leaks) => expect(found(feedback, solution)).toEqual(leaks))

  test('whatever stands around it, and spans are in order', () => {
    const words = fc.array(fc.constantFrom('Ви', 'добре', 'описали,', 'але', '😀', 'хвилі', 'небо', '\n'), {
      maxLength: 20,
    })
    const secret = SOLUTION.split(' ')
    fc.assert(
      fc.property(words, words, fc.nat(secret.length - 8), (before, after, from) => {
        const passage = secret.slice(from, from + 8).join(' ')
        const feedback = [...before, passage, ...after].join(' ')
        const leaks = leaksOf(feedback, SOLUTION, [])
        expect(leaks.length).toBeGreaterThan(0)
        let last = 0
        for (const { start, end } of leaks) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          last = end
        }
        expect(found(withoutLeaks(feedback, leaks))).toEqual([])
      }),
    )
  })

  test('is found fast in long texts of few words', () => {
    const began = performance.now()
    leaksOf('так ні '.repeat(2_500), 'так ні '.repeat(10_000), ['так '.repeat(12_000)])
    expect(performance.now() - began).toBeLessThan(5000)
  })
})

test('sentences that leak are left out, the others stay as they are', () => {
  const feedback =
    'Добре почато! Молекули повітря розсіюють короткі хвилі світла сильніше, ніж довгі. Спробуйте ще раз.'
  expect(withoutLeaks(feedback, leaksOf(feedback, SOLUTION, []))).toBe('Добре почато! Спробуйте ще раз.')
})

describe.each(Object.entries(DISGUISES))('a solution in disguise: %s', (_what, disguise) => {
  test.each(SECRETS)('of %j', (secret) => {
    const feedback = `Добре почато. Ось вам підказка: ${disguise(secret)}\n\nСпробуйте ще раз.`
    const leaks = leaksOf(feedback, secret, ['Завдання'])
    expect(leaks.length).toBeGreaterThan(0)
    const left = withoutLeaks(feedback, leaks)
    expect(left).toContain('Спробуйте ще раз.')
    expect(leaksOf(left, secret, [])).toEqual([])
    // What the student has written is no secret in any dress.
    expect(leaksOf(feedback, secret, [`Я думаю, що ${secret}`])).toEqual([])
  })
})

test('honest feedback says nothing in disguise', () => {
  const found = HONEST_FEEDBACK.flatMap(({ solution, task = '', student = '', feedback }) =>
    // As it is read: all texts together.
    [...feedback, feedback.join('\n')].flatMap((text) =>
      leaksOf(text, solution, [task, student]).map(({ start, end }) => text.slice(start, end)),
    ),
  )
  expect(found).toEqual([])
})

test.each(['так ні ', 'а ', 'QUJD', '0J3Q ', 'abcdef', '\u200B', 'і-', 'ab'])(
  '%j over and over is compared with itself in no time',
  (piece) => {
    const text = piece.repeat(Math.ceil(30_000 / piece.length))
    const began = performance.now()
    leaksOf(text, `${text.slice(0, 9_999)}ж`, [text])
    expect(performance.now() - began).toBeLessThan(5000)
  },
)
