import { createReadStream, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createExtractor, type DocumentFormat } from '#platform/extract/index.ts'
import type { CourseDraft, SlideTime, SourceMaterial } from '../tree.ts'
import { createOutlineEngine } from './index.ts'

const extractor = createExtractor()
let materials: SourceMaterial[]
let course: CourseDraft

beforeAll(async () => {
  materials = [
    { id: 'text', sourceType: 'text', name: 'text', ...(await read('text.md', 'markdown')) },
    { id: 'page', sourceType: 'web', name: 'https://example.com/lists', ...(await read('web-page.html', 'html')) },
    { id: 'lecture', sourceType: 'video', name: 'lecture', ...(await read('lecture.srt', 'srt')) },
  ]
  course = await createOutlineEngine().build(
    { materials, slideTimes: slideTimes() },
    { signal: AbortSignal.timeout(60_000), progress: async () => {} },
  )
}, 60_000)

afterAll(() => extractor.close())

test('the example course reads as a lecturer would tell it', () => {
  expect(`\n${outlineOf(course)}\n`).toMatchInlineSnapshot(`
    "
    Перші кроки
      Програма та інтерпретатор [00:02–01:31]
        Програма 00:32
        Інтерпретатор 00:51
      Виведення та введення [01:31–02:11]
        Виведення та введення
        Функція print 01:31
        Функція input 01:43
    Змінні та типи даних
      Змінні [02:17–03:18]
        Змінна 02:20
        Присвоювання 02:31
        Імена змінних 02:58
      Числа [03:25–04:11]
        Ціле число 03:27
        Дійсне число 03:34
        Арифметичні оператори 03:46
      Рядки [04:18–05:05]
        Рядок 04:21
        Методи рядків 04:35
        f-рядки 04:53
    Умови та цикли
      Умовний оператор if [05:35–06:28]
        Умова 05:35
        Оператори порівняння 06:03
        Відступи 06:16
      Цикл while [06:35–07:13]
        Цикл 06:37
        Нескінченний цикл 07:02
      Цикл for [07:20–08:09]
        Цикл for 07:25
        Функція range 07:33
        Оператори break і continue 07:50
    Функції
      Оголошення та виклик функції [08:15–09:16]
        Функція 08:20 09:11
        Параметри й аргументи 08:42
        Повернення значення 08:55
      Область видимості [09:22–09:52]
        Локальна змінна 09:27
        Глобальна змінна 09:34
    Списки та словники
      Навіщо потрібні колекції [09:58–10:12]
        Колекція 10:06
      Списки [10:18–10:44]
        Список 10:21
        Індекси та зрізи 10:27
        Зміна списку 10:39
      Словники [10:51–11:34]
        Словник 10:54
        Ключі та значення 10:58
        Перебір словника 11:12
      Що обрати: список чи словник [–]
        Що обрати: список чи словник
    "
  `)
})

test('every lesson but the last is in the lecture, with its slides', () => {
  const lessons = course.modules.flatMap((module) => module.lessons)
  expect(lessons.slice(0, -1).filter((lesson) => lesson.videoMaterialId !== 'lecture')).toEqual([])
  expect(lessons.slice(0, -1).filter((lesson) => lesson.slideRange === null)).toEqual([])
})

/** The first words of the cue in which each concept is told. */
const told: Record<string, string> = {
  Програма: 'Програма — це послідовність',
  Інтерпретатор: 'Інтерпретатор читає код',
  'Функція print': 'Щоб вивести щось на екран',
  'Функція input': 'Щоб почути відповідь',
  Змінна: 'Змінна — це ім',
  Присвоювання: 'Записуємо значення у змінну',
  'Імена змінних': 'Як називати змінні?',
  'Ціле число': 'Ціле число не має',
  'Дійсне число': 'Дійсне число має',
  'Арифметичні оператори': 'З числами працюють',
  Рядок: 'Рядок — це послідовність',
  'Методи рядків': 'У рядків є методи',
  'f-рядки': 'А ще є f-рядки',
  Умова: 'Умова — це логічний вираз',
  'Оператори порівняння': 'Порівнюємо значення',
  Відступи: 'І ще про відступи',
  Цикл: 'Цикл повторює блок',
  'Нескінченний цикл': 'Вийде нескінченний цикл',
  'Цикл for': 'Цикл for перебирає',
  'Функція range': 'Найчастіше з ним поруч',
  'Оператори break і continue': 'Усередині циклу for',
  Функція: 'Функція — це іменований',
  'Параметри й аргументи': 'У дужках оголошення стоять параметри',
  'Повернення значення': 'Результат функція повертає',
  'Локальна змінна': 'Локальна змінна створена',
  'Глобальна змінна': 'Глобальна змінна створена',
  Колекція: 'Колекція містить',
  Список: 'Список зберігає',
  'Індекси та зрізи': 'До елемента списку',
  'Зміна списку': 'Новий елемент додає',
  Словник: 'Словник зберігає пари',
  'Ключі та значення': 'Значення у словнику шукаємо',
  'Перебір словника': 'А перебрати пари',
}

test('every concept has the timecode of the cue in which it is told, the slide shown then, and cites cues', () => {
  const cues = cuesOf(readFileSync(example('lecture.srt'), 'utf8'))
  const concepts = course.modules.flatMap((module) => module.lessons).flatMap((lesson) => lesson.concepts)
  const timed = concepts.filter(({ timecodes }) => timecodes.length > 0)
  expect(timed.map(({ title }) => title).sort()).toEqual(Object.keys(told).sort())
  for (const { title, timecodes, slideReferences, sources } of timed) {
    const cue = cues.find(({ text }) => text.startsWith(told[title] ?? '?'))
    const start = cue?.start ?? Number.NaN
    const [minutes, seconds] = [Math.floor(start / 60), Math.floor(start % 60)].map((part) =>
      `${part}`.padStart(2, '0'),
    )
    expect([title, timecodes[0]]).toEqual([title, `${minutes}:${seconds}`])
    const slide = slideTimes().findLast((mapping) => mapping.seconds <= start)?.slideNumber
    expect([title, ...slideReferences]).toEqual([title, slide])
    const cited = sources.flatMap(({ locator }) => ('start' in locator ? [locator] : []))
    expect(cited.map((locator) => locator.start)).toContain(start)
    expect(cues.map((one) => one.start)).toEqual(expect.arrayContaining(cited.map((locator) => locator.start)))
    expect(cues.map((one) => one.end)).toEqual(expect.arrayContaining(cited.map((locator) => locator.end)))
  }
})

test('only the page is referred to, and code is quoted as it stands', () => {
  const concepts = course.modules.flatMap((module) => module.lessons).flatMap((lesson) => lesson.concepts)
  expect(concepts.find(({ title }) => title === 'Словник')?.webReferences).toEqual([
    {
      url: 'https://example.com/lists',
      title: 'Списки та словники',
      description: 'Списки й словники трапляються майже в кожній програмі мовою Python.',
    },
  ])
  expect(concepts.find(({ title }) => title === 'Змінна')?.webReferences).toEqual([])
  expect(concepts.find(({ title }) => title === 'Нескінченний цикл')?.examples).toEqual([])
  expect(concepts.find(({ title }) => title === 'Функція input')?.examples).toEqual([
    "name = input('Як до вас звертатися? ')\nage = int(input('Скільки вам років? '))\nprint('Вітаю,', name)",
  ])
})

async function read(file: string, format: DocumentFormat) {
  const body = createReadStream(example(file))
  const article = format === 'html'
  const { title, chunks } = await extractor.extract({ format, article, body, signal: AbortSignal.timeout(60_000) })
  return { title, chunks }
}

function slideTimes(): SlideTime[] {
  const { mappings } = JSON.parse(readFileSync(example('slide-mapping.json'), 'utf8')) as {
    mappings: { slide_number: number; video_timecode: string }[]
  }
  return mappings.map(({ slide_number, video_timecode }) => {
    const seconds = video_timecode.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
    return { slideNumber: slide_number, seconds, presentationId: null, videoId: null }
  })
}

function example(file: string): URL {
  return new URL(`../../../../examples/python-basics/${file}`, import.meta.url)
}

/** Read on their own, not by the code under test: the file is as SubRip should be. */
function cuesOf(srt: string) {
  const seconds = (time: string) =>
    time.split(/[:,]/).reduce((sum, part, at) => sum + Number(part) * ([3600, 60, 1, 0.001][at] ?? 0), 0)
  return srt
    .trim()
    .split(/\n\n/)
    .map((cue) => {
      const [, timing = '', ...lines] = cue.split('\n')
      const [start, end] = timing.split(' --> ').map((time) => Math.round(seconds(time) * 1000) / 1000)
      return { start, end, text: lines.join(' ') }
    })
}

function outlineOf({ modules }: CourseDraft): string {
  return modules
    .flatMap((module) => [
      module.title,
      ...module.lessons.flatMap((lesson) => [
        `  ${lesson.title} [${lesson.videoStartTimecode ?? ''}–${lesson.videoEndTimecode ?? ''}]`,
        ...lesson.concepts.map(({ title, timecodes }) => `    ${[title, ...timecodes].join(' ')}`),
      ]),
    ])
    .join('\n')
}
