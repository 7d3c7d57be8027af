import { expect, test } from 'vitest'
import { readMarkdown } from './markdown.ts'

function read(source: string) {
  const { title, blocks } = readMarkdown(source, { maxChunkChars: 8000 })
  return { title, blocks: [...blocks] }
}

const texts = (source: string) => read(source).blocks.map(({ kind, text }) => [kind, text])

test('headings of both spellings make the path', () => {
  const source = 'Модуль 1\n========\n\n## Урок **1** ##\n\nТекст.\n\nЩе текст.\n\n# Модуль 2\n'
  expect(read(source).blocks).toEqual([
    { kind: 'heading', text: 'Модуль 1', locator: { heading: ['Модуль 1'], paragraph: 0 } },
    { kind: 'heading', text: 'Урок 1', locator: { heading: ['Модуль 1', 'Урок 1'], paragraph: 0 } },
    { kind: 'paragraph', text: 'Текст.', locator: { heading: ['Модуль 1', 'Урок 1'], paragraph: 1 } },
    { kind: 'paragraph', text: 'Ще текст.', locator: { heading: ['Модуль 1', 'Урок 1'], paragraph: 2 } },
    { kind: 'heading', text: 'Модуль 2', locator: { heading: ['Модуль 2'], paragraph: 0 } },
  ])
})

test('a document without headings works', () => {
  expect(read('Просто текст.').blocks).toEqual([
    { kind: 'paragraph', text: 'Просто текст.', locator: { heading: [], paragraph: 1 } },
  ])
})

test('inline marks leave plain text', () => {
  const source =
    '**Жирний**, _курсив_, ~~ні~~, [лінк](https://x.ua "t"), ![схема *мережі*](a.png), `a &amp; b`, \\*, <https://y.ua>'
  expect(texts(source)).toEqual([['paragraph', 'Жирний, курсив, ні, лінк, схема мережі, a &amp; b, *, https://y.ua']])
})

test('character references are resolved once', () => {
  expect(texts('&laquo;Ґанок&raquo;&nbsp;&#8212; &amp;lt; a < b &lt;b&gt; \\&amp;')).toEqual([
    ['paragraph', '«Ґанок» — &lt; a < b <b> &amp;'],
  ])
})

test('of HTML only the text is left, and nothing of comments, scripts and styles', () => {
  const source = [
    'Абзац <b>з</b> тегами<br>і <!-- таємниця --> кінцем<script>alert(1)</script>.',
    '<!-- блок\n\nкоментаря -->',
    '<details><summary>Підсумок</summary>',
    'Усередині.',
    '</details>',
    '<script>\nvar a = 1\n</script>',
    '<h2 align="center">Заголовок</h2>',
  ].join('\n\n')
  expect(texts(source)).toEqual([
    ['paragraph', 'Абзац з тегами і кінцем.'],
    ['paragraph', 'Підсумок'],
    ['paragraph', 'Усередині.'],
    ['heading', 'Заголовок'],
  ])
})

test('a list is one chunk, one item a line', () => {
  const source =
    '3. Третє **жирне**\n4. Четверте\n   - [x] готово\n   - [ ] ні\n\n     ще абзац\n\n     ```py\n     if x:\n         y\n     ```\n5. П’яте'
  expect(texts(source)).toEqual([
    [
      'list',
      [
        '3. Третє жирне',
        '4. Четверте',
        '  - [x] готово',
        '  - [ ] ні',
        '    ще абзац',
        '    if x:',
        '        y',
        '5. П’яте',
      ].join('\n'),
    ],
  ])
})

test('tables, code and quotations', () => {
  const source =
    '| Мова | Рік |\n|---|--:|\n| `C` | 1972 |\n| a \\| b | |\n\n```js\nconst  ї = 1\n\n  x()\n```\n\n> Цитата\n> далі\n'
  expect(texts(source)).toEqual([
    ['table', 'Мова | Рік\nC | 1972\na | b |'],
    ['code', 'const  ї = 1\n\n  x()'],
    ['paragraph', 'Цитата далі'],
  ])
})

test.each([
  ['title: Основи Python', 'Основи Python'],
  ['title: "Курс \\"Python\\": вступ"', 'Курс "Python": вступ'],
  ["title: 'Об''єкти'", "Об'єкти"],
  ['author: Леся\r\ntitle:   Назва  ', 'Назва'],
  ['author: Леся', null],
  ['title:', null],
])('the front matter %j is not text; its title is the title', (matter, title) => {
  const document = read(`---\n${matter}\n---\n\n# Вступ\n`)
  expect(document.title).toBe(title)
  expect(document.blocks.map((block) => block.text)).toEqual(['Вступ'])
})

test('a line of dashes in the text is not front matter', () => {
  expect(texts('Текст\n\n---\n\ntitle: ні\n\n---\n').map(([, text]) => text)).toEqual(['Текст', 'title: ні'])
})
