import { expect, test } from 'vitest'
import { readHtml } from './html.ts'

function read(html: string, article = false) {
  const { title, blocks } = readHtml(html, { article, maxChunkChars: 8000 })
  return { title, blocks: [...blocks] }
}

const texts = (html: string) => read(html).blocks.map(({ kind, text }) => [kind, text])

test('a page: its title, its headings as paths, its paragraphs', () => {
  const page =
    '<!doctype html><html><head><title> Основи &amp; \n вступ </title><style>p{}</style></head><body><h1>Мо<b>дуль</b></h1>' +
    '<p>Перший<br>рядок <!-- таємниця -->&laquo;ґ&raquo;<p>Другий<h2>Урок</h2>без абзацу<h1>Кінець</h1></body></html>'
  expect(read(page)).toEqual({
    title: 'Основи & вступ',
    blocks: [
      { kind: 'heading', text: 'Модуль', locator: { heading: ['Модуль'], paragraph: 0 } },
      { kind: 'paragraph', text: 'Перший рядок «ґ»', locator: { heading: ['Модуль'], paragraph: 1 } },
      { kind: 'paragraph', text: 'Другий', locator: { heading: ['Модуль'], paragraph: 2 } },
      { kind: 'heading', text: 'Урок', locator: { heading: ['Модуль', 'Урок'], paragraph: 0 } },
      { kind: 'paragraph', text: 'без абзацу', locator: { heading: ['Модуль', 'Урок'], paragraph: 1 } },
      { kind: 'heading', text: 'Кінець', locator: { heading: ['Кінець'], paragraph: 0 } },
    ],
  })
})

test('a fragment without html, body or headings works', () => {
  expect(read('просто текст')).toEqual({
    title: null,
    blocks: [{ kind: 'paragraph', text: 'просто текст', locator: { heading: [], paragraph: 1 } }],
  })
})

test('what nobody reads is dropped', () => {
  const page =
    '<nav>меню</nav><script>var a = "<p>"</script><style>p{}</style><noscript>увімкніть</noscript><svg><title>знак</title></svg>' +
    '<p hidden>а</p><p style="color:red; display: none">б</p><p>текст<span aria-hidden="true">¶</span></p><button>Так</button>'
  expect(read(page)).toMatchObject({ title: null, blocks: [{ text: 'текст' }] })
})

test('lists, nested ones too, are one chunk; definition lists as well', () => {
  expect(texts('<ul><li>а<ol start=2><li>б<li>в<p>ще</p></ol><li>г<pre>x:\n  y</pre></ul>')).toEqual([
    ['list', '- а\n  1. б\n  2. в\n    ще\n- г\n  x:\n    y'],
  ])
  expect(texts('<dl><dt>термін<dd>визначення<dt>два</dl>')).toEqual([['list', '- термін\n  визначення\n- два']])
})

test('tables are rows of cells, with and without end tags', () => {
  const whole =
    '<table><caption>Мови</caption><tr><th>Мова</th><th>Рік</th></tr><tr><td>C</td><td><p>1972</p></td></tr></table>'
  const careless = '<table><caption>Мови</caption><thead><tr><th>Мова<th>Рік<tbody><tr><td>C<td>1972</table>'
  for (const table of [whole, careless]) expect(texts(table)).toEqual([['table', 'Мови\nМова | Рік\nC | 1972']])
})

test('a table that only arranges the page is not a table', () => {
  const page =
    '<table><tr><td><h2>Розділ</h2><p>а</p></td><td>б</td></tr></table><table><tr><td>рамка</td></tr></table>'
  expect(texts(page)).toEqual([
    ['heading', 'Розділ'],
    ['paragraph', 'а'],
    ['paragraph', 'б'],
    ['paragraph', 'рамка'],
  ])
})

test('code keeps its shape, images give their description, two line breaks make a paragraph', () => {
  expect(
    texts('<pre><code>\n  def f():\n      pass\n</code></pre><p>Схема: <img src=x alt="мережа"></p>а<br><br>б<br>в'),
  ).toEqual([
    ['code', '  def f():\n      pass'],
    ['paragraph', 'Схема: мережа'],
    ['paragraph', 'а'],
    ['paragraph', 'б в'],
  ])
})

test.each(['div', 'b', 'ul><li', 'table><tr><td', 'blockquote'])(
  '10 000 levels of <%s> do not exhaust the stack',
  (tag) => {
    expect(read(`${`<${tag}>`.repeat(10_000)}Дно`).blocks.map(({ text }) => text.replace('- ', ''))).toEqual(['Дно'])
  },
)

test.each(['div', 'b', 'ul><li', 'table><tr><td', 'div/', 'svg><g', 'h1', 'dl><dt><pre'])(
  '100 000 levels of <%s> are refused at once',
  (tag) => {
    const started = performance.now()
    expect(() => read(`<${tag}>`.repeat(100_000))).toThrow(expect.objectContaining({ code: 'extract.unreadable' }))
    expect(performance.now() - started).toBeLessThan(1_000)
  },
)

test('what need not be closed, and what is drawn, is not depth', () => {
  const drawing = `<svg>${'<path d="M0"/>'.repeat(30_000)}</svg>`
  expect(read(`${drawing}${'<p>а<br><img src=x>'.repeat(30_000)}`).blocks.length).toBe(30_000)
})

test('a page of too many tags is refused, and one of doctypes without end is read in time', () => {
  expect(() => read('<b></b>'.repeat(301_000))).toThrow(expect.objectContaining({ code: 'extract.too_large' }))
  const started = performance.now()
  expect(read('<!doctype'.repeat(100_000)).blocks.length < 1_000).toBe(true)
  expect(performance.now() - started).toBeLessThan(20_000)
})

test('deep lists are not indented without end', () => {
  const length = read('<ul><li>а'.repeat(2000)).blocks.reduce((sum, block) => sum + block.text.length, 0)
  expect(length).toBeLessThan(2000 * 40)
})

const prose =
  'Алгоритм — це скінченна послідовність кроків, що розв’язує задачу, і кожен крок у ній визначений однозначно. '
const article = `<article><h1>Алгоритми</h1>${`<p>${prose.repeat(3)}</p>`.repeat(6)}<h3>Складність</h3><p>${prose}</p></article>`
const page = (content: string) =>
  `<html><head><title>Алгоритми — Сайт</title></head><body><div class="sidebar"><a href="/">Реклама</a></div>${content}<div class="comments">Коментарі</div></body></html>`

test('of a page from the web the article is read and what surrounds it is not', () => {
  const { title, blocks } = read(page(article), true)
  const all = blocks.map((block) => block.text).join('\n')
  expect(title).toContain('Алгоритми')
  expect(all).toContain(prose.trim())
  expect(all).not.toContain('Реклама')
  expect(blocks.find((block) => block.text === 'Складність')?.kind).toBe('heading')
  expect(
    read(page(article))
      .blocks.map((block) => block.text)
      .join('\n'),
  ).toContain('Реклама')
})

test('a page without an article is read whole', () => {
  expect(
    read('<html><body><p>Коротко.</p><p>І все.</p></body></html>', true).blocks.map((block) => block.text),
  ).toEqual(['Коротко.', 'І все.'])
  expect(read('Лише текст', true).blocks.map((block) => block.text)).toEqual(['Лише текст'])
})

test('of a page with one main part only that is read, and its title', () => {
  const page =
    '<title>Урок</title><header>Школа</header><main><h1>Цикли</h1><p>Цикл повторює.</p></main><footer>©</footer>'
  expect(read(page)).toMatchObject({ title: 'Урок', blocks: [{ text: 'Цикли' }, { text: 'Цикл повторює.' }] })
  expect(texts('<main></main><p>усе поза головним</p>')).toEqual([['paragraph', 'усе поза головним']])
  expect(texts('<main><p>а</p></main><main><p>б</p></main>')).toHaveLength(2)
})
