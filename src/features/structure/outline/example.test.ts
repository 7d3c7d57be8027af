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
      Програма та інтерпретатор [00:02–01:29]
        Програма 00:02
        Інтерпретатор 00:39
      Виведення та введення [01:29–02:10]
        Виведення та введення
        Функція print 01:29
        Функція input 01:43
    Змінні та типи даних
      Змінні [02:10–03:22]
        Змінна 02:10
        Присвоювання 02:31
        Імена змінних 02:58
      Числа [03:22–04:13]
        Ціле число 03:22
        Дійсне число
        Арифметичні оператори 03:42
      Рядки [04:13–05:11]
        Рядок 04:13
        Методи рядків 04:34
        f-рядки 04:50
    Умови та цикли
      Умовний оператор if [05:31–06:31]
        Умова 05:31
        Оператори порівняння 06:03
        Відступи 06:16
      Цикл while [06:31–07:18]
        Цикл 06:31
        Нескінченний цикл 07:01
      Цикл for [07:18–08:02]
        Цикл for 07:18
        Функція range 07:33
        Оператори break і continue 07:50
    Функції
      Оголошення та виклик функції [08:10–09:10]
        Функція 08:10
        Параметри й аргументи 08:38
        Повернення значення 08:55
      Область видимості [09:17–09:47]
        Локальна змінна 09:17
        Глобальна змінна 09:30
    Списки та словники
      Навіщо потрібні колекції [09:47–10:17]
        Колекція 09:47
      Списки [10:17–10:50]
        Список 10:17
        Індекси та зрізи 10:28
        Зміна списку 10:43
      Словники [10:50–11:24]
        Словник 10:50
        Ключі та значення 11:07
        Перебір словника 11:16
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
