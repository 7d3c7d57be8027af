import { describe, expect, test } from 'vitest'
import { createLeakCheck } from '#platform/llm/leaks.ts'
import { document } from '../outline/fixtures/materials.ts'
import { createCleaner } from './clean.ts'
import { prompts } from './fixtures/scripted.ts'
import { linksIn } from './links.ts'

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
    ['[a[b]c](//evil.top/x)', '[a[b]c]()'],
    ['[a\\]b](//evil.top/x)', '[a\\]b]()'],
    ['![p[q]](//evil.top/p.png)', '![p[q]]()'],
    ['[x][r]\n\n[r]: //evil.top/p', '[x][r] [r]:'],
    ['[x](https&#58;//evil.top/p)', 'x'],
    ['[x](https&#x3a;&sol;&sol;evil&period;top/p)', 'x'],
    ['[x](javascript&colon;alert(1))', 'x'],
    ['[x](java&#115;cript:alert(1))', 'x'],
    ['[x](java&Tab;script:alert)', 'x'],
    ['<a href="//evil.top">', '<a href="">'],
    ['<img src=//evil/p>', '<img src=>'],
    ['[b[c]](//evil/x) [b[c]](\\\\evil/x) [b[c]](/\\evil/x)', '[b[c]]() [b[c]]() [b[c]]()'],
    ['evil.top/login', ''],
    ['_evil.top/login -evil.com/x .evil.com (evil.site/вхід)', '_ - . ()'],
    ['//evil.top/x', ''],
    ['a_@evil.com b@c@evil.com', ' b@'],
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
  'a // comment\nb //comment\nc //console.log(x)\n7//2.5\ntotal//self.count',
  'file.txt/… main.py/x node.js/express, int a[b](c), a[i]: int = 7, f[0](x.y)',
  'math.pi/2, box.top/2, self.live/self.all, self.net/total, и/або',
  '&lt;b&gt; &#60;p&#62; &amp;colon; &#58; &colon; — двокрапка',
  'a@b, @Override, obj.com=1, x.ua_y',
  'час 10:30, співвідношення 1:2, метадані:текст',
])('stays: %s', (text) => expect(prose(text)).toBe(text))

test('what cannot be stored, hides or turns text round is not there; emoji and Persian joiners are', () => {
  const text = 'а\u0000б\u001b[31m\u202eв\u2066г\u200bд\ufeffе\u{e0041}\ud800\u0085 👩‍🏫 می‌خواهم\r\nx\ty'
  expect(prose(text)).toBe('аб[31mвгде� 👩‍🏫 می‌خواهم\nx\ty')
})

const INVISIBLE = [
  '\u3164',
  '\u2800',
  '\u115f\u1160',
  '\uffa0',
  '\ufe0f',
  '\u034f',
  '\u0600',
  '\u200d',
  '\u3164 \u2800',
]

test('nothing invisible stays inside a word', () => {
  expect(prose('а\ufff9б\ufffaв\ufffbг\u{1d173}ґ\u034fд\u3164е\uffa0є')).toBe('абвгґдеє')
  expect(cleaner.title('❤️ серце')).toBe('❤️ серце')
})

test('titles are one line of at most 500, or nothing', () => {
  expect(cleaner.title(' Змінна\n\tі тип ')).toBe('Змінна і тип')
  expect(cleaner.title('слово '.repeat(200))?.length).toBeLessThanOrEqual(500)
  for (const blank of ['', ' \n', '\u200b\u202e', 'https://evil.example', ...INVISIBLE])
    expect(cleaner.title(blank)).toBeNull()
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
  const long = 300_000
  const hostile = [
    ...[
      '-',
      '.',
      '@',
      '-.',
      'a.',
      'a-',
      'a@',
      'www.',
      '//',
      ':',
      '://',
      'a:',
      '](',
      ']:',
      '[',
      '[a](',
      '&#',
      '&#5',
      'src=',
    ],
    ...[`${'-'.repeat(62)}.`, `${'a'.repeat(62)}.`, `${'-'.repeat(64)}@`, 'src= ', ']( ', 'a.com@', 'a.b@c.d_'],
  ].map((piece) => piece.repeat(long / piece.length))
  const began = performance.now()
  for (const text of [...hostile, `[a](${'x'.repeat(long)}`]) linksIn(text)
  for (const text of hostile) cleaner.prose(text.slice(0, 30_000), 30_000)
  // Half a second or so: when each character looks at all that follow it, hours.
  expect(performance.now() - began).toBeLessThan(20_000)
})
