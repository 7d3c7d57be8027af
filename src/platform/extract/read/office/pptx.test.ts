import { expect, test } from 'vitest'
import { box, frame, group, picture, place, pptx, type SlideSource, slideTable, text } from '../../fixtures/pptx.ts'
import { stored } from '../../fixtures/zip.ts'
import { defaultLimits, readLimitsOf } from '../../limits.ts'
import { readPptx } from './pptx.ts'

const limits = readLimitsOf(defaultLimits)

function read(slides: SlideSource[], options: Parameters<typeof pptx>[1] = {}, changes: Partial<typeof limits> = {}) {
  const { title, blocks } = readPptx(pptx(slides, options), { ...limits, ...changes })
  return { title, blocks: [...blocks] }
}

const texts = (...slides: SlideSource[]) => read(slides).blocks.map(({ kind, text: said }) => [kind, said])

const title = (said: string) => place(text(said), { type: 'title' })

test('slide by slide: title, body, tables, pictures, notes, with the number of the slide', () => {
  const shapes =
    box(text('Під таблицею'), 1, 5) +
    slideTable(
      [
        ['Мова', 'Рік'],
        ['C', '1972'],
      ],
      1,
      3,
    ) +
    picture('Схема: стек і купа', 1, 6) +
    place(text('Стек') + text('росте вниз', { level: 1 }) + text('Купа &amp; «ґ»'), { index: 1 }) +
    place(text('12'), { type: 'sldNum', index: 12 }) +
    title('Пам’ять')
  expect(
    read([{ shapes: title('Вступ') }, { shapes, notes: text('Показати на дошці.') + text('Далі — вправа.') }]),
  ).toEqual({
    title: 'Вступ',
    blocks: [
      { kind: 'heading', text: 'Вступ', locator: { slide: 1 } },
      { kind: 'heading', text: 'Пам’ять', locator: { slide: 2 } },
      { kind: 'list', text: '- Стек\n  - росте вниз\n- Купа & «ґ»', locator: { slide: 2 } },
      { kind: 'table', text: 'Мова | Рік\nC | 1972', locator: { slide: 2 } },
      { kind: 'paragraph', text: 'Під таблицею', locator: { slide: 2 } },
      { kind: 'description', text: 'Схема: стек і купа', locator: { slide: 2 } },
      { kind: 'notes', text: 'Показати на дошці.', locator: { slide: 2 } },
      { kind: 'notes', text: 'Далі — вправа.', locator: { slide: 2 } },
    ],
  })
})

test('slides come in the order in which they are shown; hidden ones are not read but have their number', () => {
  const slides = ['а', 'б', 'в'].map((said, index) => ({ shapes: title(said), hidden: index === 1 }))
  const shown = (options: object) => read(slides, options).blocks.map((block) => [block.text, block.locator])
  expect(shown({ order: [2, 1, 0] })).toEqual([
    ['в', { slide: 1 }],
    ['а', { slide: 3 }],
  ])
  expect(shown({ firstNumber: 0 })).toEqual([
    ['а', { slide: 0 }],
    ['в', { slide: 2 }],
  ])
})

test('places are read by their number, free shapes from top to bottom and from left to right, groups as one', () => {
  const shapes =
    box(text('нижній'), 0, 4) +
    group(box(text('група б'), 3, 9) + box(text('група а'), 2, 9), 5, 2.1) +
    box(text('ліворуч'), 1, 2.2) +
    place(text('друге місце'), { index: 2 }) +
    place(text('перше місце'), { index: 1 })
  expect(texts({ shapes }).map(([, said]) => said)).toEqual([
    'перше місце',
    'друге місце',
    'ліворуч',
    'група а',
    'група б',
    'нижній',
  ])
})

test('marks: what the paragraph says, else what its place has', () => {
  const none = { properties: '<a:buNone/>' }
  const numbered = (level = 0) => ({ level, properties: '<a:buAutoNum type="arabicPeriod"/>' })
  const dash = { properties: '<a:buChar char="–"/>' }
  expect(texts({ shapes: place(text('без знака', none) + text('зі знаком') + text(''), { index: 1 }) })).toEqual([
    ['paragraph', 'без знака'],
    ['list', '- зі знаком'],
  ])
  expect(texts({ shapes: place(text('Одне твердження'), { index: 1 }) })).toEqual([['paragraph', 'Одне твердження']])
  expect(texts({ shapes: place(text('підзаголовок') + text('автор'), { type: 'subTitle', index: 1 }) })).toEqual([
    ['paragraph', 'підзаголовок'],
    ['paragraph', 'автор'],
  ])
  const steps = text('крок', numbered()) + text('а', numbered(1)) + text('б', numbered(1)) + text('крок', numbered())
  expect(texts({ shapes: box(steps + text('в', numbered(1)) + text('риска', dash)) })).toEqual([
    ['list', '1. крок\n  1. а\n  2. б\n2. крок\n  1. в\n- риска'],
  ])
})

test('monospaced paragraphs are code, and keep their indentation', () => {
  const code = (line: string) => text(line, { font: 'Courier New' })
  expect(texts({ shapes: box(text('Приклад:') + code('def f():') + code('    return 1') + text('Кінець')) })).toEqual([
    ['paragraph', 'Приклад:'],
    ['code', 'def f():\n    return 1'],
    ['paragraph', 'Кінець'],
  ])
})

test('a paragraph of many runs, line breaks, fields and formulas is one text', () => {
  const formula =
    '<mc:AlternateContent><mc:Choice Requires="a14"><a14:m><m:oMath><m:r><m:t>x=1</m:t></m:r></m:oMath></a14:m></mc:Choice><mc:Fallback><a:r><a:t>картинка</a:t></a:r></mc:Fallback></mc:AlternateContent>'
  const paragraph = `<a:p><a:r><a:t>Пере</a:t></a:r><a:r><a:t>менна:</a:t></a:r><a:br/>${formula}<a:fld type="slidenum"><a:t>7</a:t></a:fld></a:p>`
  expect(texts({ shapes: box(paragraph) })).toEqual([['paragraph', 'Переменна: x=1']])
})

test('a diagram is the list of its points; of a chart and of a picture what stands for it is read', () => {
  const point = (said: string, type = '') =>
    `<dgm:pt modelId="1"${type}><dgm:prSet/><dgm:t><a:bodyPr/>${text(said)}</dgm:t></dgm:pt>`
  const data = `<dgm:dataModel><dgm:ptLst>${point('', ' type="doc"')}${point('Аналіз')}${point('зв’язок', ' type="parTrans"')}${point('Код')}</dgm:ptLst></dgm:dataModel>`
  const chart = frame('<c:chart r:id="rId2"/>', 'chart', 0, 2).replace(
    'name="Рамка"',
    'name="x" descr="Графік зростання"',
  )
  const shapes = frame('<dgm:relIds r:dm="rId1" r:lo="rId3"/>', 'diagram', 0, 1) + chart + picture('image1.png', 0, 3)
  const relations = [
    { type: 'diagramData', target: '../diagrams/data1.xml' },
    { type: 'chart', target: '/ppt/charts/chart1.xml' },
  ]
  const more = [stored('ppt/diagrams/data1.xml', data), stored('ppt/charts/chart1.xml', '<c:t>назва осі</c:t>')]
  expect(read([{ shapes, relations }], { more }).blocks.map((block) => [block.kind, block.text])).toEqual([
    ['list', '- Аналіз\n- Код'],
    ['description', 'Графік зростання'],
  ])
})

test('covered cells of a table are not there, hidden shapes neither', () => {
  const covered = slideTable([
    ['а', 'б', 'в'],
    ['г', 'ґ', 'д'],
  ])
    .replace('<a:tc>', '<a:tc gridSpan="2">')
    .replace(/<a:tc>(?=.{0,200}б<)/, '<a:tc hMerge="1">')
    .replace(/<a:tc>(?=.{0,200}ґ<)/, '<a:tc vMerge="1">')
  const hidden = box(text('таємниця'), 0, 1).replace('name="Напис"', 'name="Напис" hidden="1"')
  expect(texts({ shapes: covered + hidden })).toEqual([['table', 'а | в\nг |  | д']])
})

test('the title: the first slide’s, else that in the properties if someone gave one', () => {
  const untitled = { shapes: box(text('текст')) }
  expect(read([{ shapes: place(text('Курс'), { type: 'ctrTitle' }) }], { title: 'Властивості' }).title).toBe('Курс')
  expect(read([untitled, { shapes: title('Другий') }], { title: 'Властивості' }).title).toBe('Властивості')
  expect(read([untitled], { title: 'Презентация PowerPoint' }).title).toBeNull()
  expect(read([]).blocks).toEqual([])
})

test('a slide has one title, the topmost that is not a text in disguise', () => {
  const at = (said: string, y: number) =>
    title(said).replace('<p:spPr/>', `<p:spPr><a:xfrm><a:off x="0" y="${y}"/></a:xfrm></p:spPr>`)
  const shapes = at('нижній', 2_000_000) + at('довгий '.repeat(100), 0) + at('верхній', 1_000_000)
  expect(texts({ shapes })).toEqual([
    ['heading', 'верхній'],
    ['paragraph', 'довгий '.repeat(100).trim()],
    ['paragraph', 'нижній'],
  ])
})

test('long texts are cut into chunks of one slide', () => {
  const { blocks } = read([{ shapes: box(text('Речення про ґрунт. '.repeat(100))) }], {}, { maxChunkChars: 200 })
  expect(blocks.length).toBe(10)
  expect(blocks.every((block) => block.text.length <= 200 && 'slide' in block.locator)).toBe(true)
})
