import { describe, expect, test } from 'vitest'
import { document } from '../outline/fixtures/materials.ts'
import { createCleaner } from './clean.ts'
import { prompts } from './fixtures/scripted.ts'
import { createLeakCheck } from './leaks.ts'

const material = {
  ...document('# Т\nДив. https://docs.python.org/3/tutorial/ та python.org, пишіть на a@example.com.'),
  name: 'https://uk.wikipedia.org/wiki/Python',
}
const systems = [...prompts.values()].map(({ text }) => text)
const cleaner = createCleaner({ materials: [material], leaksPrompt: createLeakCheck(systems) })
const prose = (text: string) => cleaner.prose(text, 10_000)

describe('a link that no material has is removed', () => {
  test.each([
    ['Див. https://evil.example/a?b=c#d тут', 'Див.  тут'],
    ['див.HTTPS://EVIL.EXAMPLE', 'див.'],
    ['зhttps://evil.example/x', 'з'],
    ['[сюди](https://evil.example "т") далі', 'сюди далі'],
    ['![](https://evil.example/p.png?q=1)', ''],
    ['[сюди](//evil.example/x)', 'сюди'],
    ['[сюди](javascript:alert(1))', 'сюди'],
    ['<a href="https://evil.example">так</a>', '<a href="">так</a>'],
    ['https:evil.example http:\\\\evil.example', ' '],
    ['ftp://evil.example www.evil.example', ' '],
    ['evil.com/path і evil.com', ' і '],
    ['пишіть на thief@evil.com або mailto:x@y', 'пишіть на  або '],
    ['data:text/html;base64,AAAA', ''],
    ['https://docs.python.org/3/tutorial/?leak=1', ''],
    ['https://docs.python.org.evil.example/3/tutorial/', ''],
    ['evil.com. Далі', '. Далі'],
    ['evil.io/x', ''],
    ['(https://evil.example)', '()'],
    ['a.com@evil.com', ''],
    ['htt<https://evil.example>ps://evil.example', 'htt<>'],
  ])('%s', (text, left) => {
    expect((prose(text) ?? '').replace(/\s+/gu, ' ').trim()).toBe(left.replace(/\s+/gu, ' ').trim())
  })
})

test.each([
  'Див. https://docs.python.org/3/tutorial та https://uk.wikipedia.org/wiki/Python.',
  '[посібник](https://docs.python.org/3/tutorial/)',
  'python.org, a@example.com, b@example.org',
  'x: int = 7 // 2  # коментар\nprint(console.info("a.b.c"))',
  'for i in range(3):\n    print(f"{i}: {self.net}")',
  '<b>HTML</b> лишається & текстом, [x](y), math.com(1)',
  'час 10:30, співвідношення 1:2, метадані:текст',
])('stays: %s', (text) => expect(prose(text)).toBe(text))

test('what cannot be stored, hides or turns text round is not there; emoji and Persian joiners are', () => {
  const text = 'а\u0000б\u001b[31m\u202eв\u2066г\u200bд\ufeffе\u{e0041}\ud800\u0085 👩‍🏫 می‌خواهم\r\nx\ty'
  expect(prose(text)).toBe('аб[31mвгде� 👩‍🏫 می‌خواهم\nx\ty')
})

test('titles are one line of at most 500, or nothing', () => {
  expect(cleaner.title(' Змінна\n\tі тип ')).toBe('Змінна і тип')
  expect(cleaner.title('слово '.repeat(200))?.length).toBeLessThanOrEqual(500)
  for (const blank of ['', ' \n', '\u200b\u202e', 'https://evil.example']) expect(cleaner.title(blank)).toBeNull()
})

test('a link that is cut off does not become another one', () => {
  const text = `${'а '.repeat(20)}https://docs.python.org/3/tutorial/`
  expect(cleaner.prose(text, 60)).toBe('а '.repeat(20).trim())
})

test('statements: each once, without blanks and leaks, bounded', () => {
  const leak = systems[0]?.slice(100, 200) ?? ''
  expect(cleaner.statements(['а', ' ', 'б', 'а', leak, 'в', 'г'], 3)).toEqual(['а', 'б', 'в'])
})

describe('our prompts', () => {
  const leaksPrompt = createLeakCheck(systems)

  test('are known by any 60 characters of them', () => {
    for (const system of systems) {
      const flat = system.replace(/\s+/gu, ' ')
      for (let at = 0; at + 60 <= flat.length; at++) {
        const passage = flat.slice(at, at + 60)
        expect([passage, leaksPrompt(`Ось що: ${passage}!`)]).toEqual([passage, true])
      }
    }
  })

  test.each([
    ['case', (text: string) => text.toUpperCase()],
    ['lines', (text: string) => text.replaceAll(' ', '\n')],
    ['signs', (text: string) => [...text].join('*')],
    ['invisible signs', (text: string) => [...text].join('\u200b')],
  ])('%s do not hide them', (_name, hide) => {
    for (const system of systems) expect(leaksPrompt(hide(system.slice(500, 700)))).toBe(true)
  })

  test.each([
    '',
    "The user's message begins",
    'Змінна — це ім’я значення. '.repeat(20),
    'a list of concepts, in the order',
  ])('other words are not them: %s', (text) => expect(leaksPrompt(text)).toBe(false))
})

test('hostile texts take no time', () => {
  const began = performance.now()
  for (const text of [
    'a-'.repeat(5_000),
    '[a]('.repeat(2_500),
    '['.repeat(10_000),
    `[a](${'x'.repeat(9_000)}`,
    'a.'.repeat(5_000),
  ])
    prose(text)
  expect(performance.now() - began).toBeLessThan(5_000)
})
