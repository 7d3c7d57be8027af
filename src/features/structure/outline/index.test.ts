import { describe, expect, test } from 'vitest'
import type { SourceMaterial } from '../tree.ts'
import { build, concepts, conceptsOf, document, speech, titles } from './fixtures/materials.ts'

describe('headings', () => {
  test('a single top-level heading names the document, below it are modules, lessons and concepts', async () => {
    const course = await build([
      document(`
        # Основи програмування
        ## Змінні
        ### Імена
        Ім’я починається з літери.
        #### Регістр
        Великі й малі літери розрізняються.
        ##### Приклад
        Наприклад, \`a\` і \`A\` різні.
        ### Значення
        ## Цикли
        Цикл — це повторення.
      `),
    ])
    expect(titles(course)).toEqual({
      Змінні: { Імена: ['Імена', 'Регістр', 'Приклад'], Значення: ['Значення'] },
      Цикли: { Цикли: ['Цикл'] },
    })
  })

  test.each([
    ['several top-level headings are modules', '# А\n## а1\n# Б', { А: { а1: ['а1'] }, Б: { Б: ['Б'] } }],
    ['a single heading without children is a module', '# Курс\nТекст.', { Курс: { Курс: ['Курс'] } }],
    ['skipped levels do not count', '# Курс\n### А\n##### а1\n### Б', { А: { а1: ['а1'] }, Б: { Б: ['Б'] } }],
    ['a document may begin at the second level', '## А\n### а1\n## Б', { А: { а1: ['а1'] }, Б: { Б: ['Б'] } }],
    [
      'a module that stands twice is one',
      '# К\n## А\n### а1\n## Б\n## А\n### а2',
      { А: { а1: ['а1'], а2: ['а2'] }, Б: { Б: ['Б'] } },
    ],
    ['text without headings is a module of the file’s name', 'Просто текст.', { конспект: { конспект: ['конспект'] } }],
    ['a short preface is not a module', 'Передмова.\n# К\nСлово.\n## А\n## Б', { А: { А: ['А'] }, Б: { Б: ['Б'] } }],
    [
      'a preface that defines is one',
      '# К\nКурс — це подорож.\n## А\n## Б',
      { К: { К: ['Курс'] }, А: { А: ['А'] }, Б: { Б: ['Б'] } },
    ],
    [
      'a lesson’s own text comes before its deeper headings',
      '# К\n## М\n### У\nСтек — це список.\n#### push',
      { М: { У: ['Стек', 'push'] } },
    ],
    [
      'an empty heading above deeper ones is no concept',
      '# К\n## М\n### У\n#### А\n##### а\nТекст.',
      { М: { У: ['а'] } },
    ],
    ['nothing gives nothing', '', {}],
  ])('%s', async (_, text, expected) => {
    expect(titles(await build([document(text)]))).toEqual(expected)
  })

  test('chunks are read in their order, however they come', async () => {
    const ordered = document('# К\n## А\n### а1\nТекст.\n## Б')
    const mixed = { ...ordered, chunks: ordered.chunks.toReversed() }
    expect(await build([mixed])).toEqual(await build([ordered]))
  })

  test('text under a module’s heading is its description when short, else its first lesson', async () => {
    const long = `Довгий вступ до модуля. ${'Він пояснює багато речей одразу. '.repeat(20)}`.trim()
    const { modules } = await build([
      document(`# К\n## А\nКороткий вступ.\n\nЩе рядок.\n### а1\n## Б\n${long}\n### б1`),
    ])
    expect(modules[0]).toMatchObject({ description: 'Короткий вступ.\n\nЩе рядок.', lessons: [{ title: 'а1' }] })
    expect(modules[1]).toMatchObject({ description: null, lessons: [{ title: 'Б' }, { title: 'б1' }] })
  })
})

describe('concepts', () => {
  test('are the terms that a text defines, in its own words', async () => {
    const [variable, constant] = await concepts(`
      # К
      ## Змінні
      Про дані.
      Змінна — це ім’я значення. Воно може мінятися. Наприклад, вік людини.
      \`\`\`age = 7
      Константа — це значення, що не міняється.
    `)
    expect(variable).toMatchObject({
      title: 'Змінна',
      definition: 'Змінна — це ім’я значення.',
      examples: ['Наприклад, вік людини.', 'age = 7'],
      sources: [1, 2, 3].map((paragraph) => ({ materialId: 'text', locator: { heading: ['К', 'Змінні'], paragraph } })),
    })
    expect(constant).toMatchObject({ title: 'Константа', examples: [], sources: [{ locator: { paragraph: 4 } }] })
  })

  test('a glossary gives its terms, a numbered list gives steps', async () => {
    const found = await concepts('# К\n## Типи\n- int — ціле число\\n- str (рядок) — символи в лапках')
    expect(found.map(({ title, definition }) => [title, definition])).toEqual([
      ['int', 'int — ціле число'],
      ['str', 'str (рядок) — символи в лапках'],
    ])
    const steps = await concepts('# К\n## Кроки\n1. Старт — натисніть кнопку\\n2. Фініш — зачекайте')
    expect(steps.map(({ title }) => title)).toEqual(['Кроки'])
  })

  test('what follows a glossary belongs to its last term, what follows few terms to all of them', async () => {
    const terms = ['нуль', 'два', 'три', 'чотири', 'п’ять'].map((term) => `- ${term} — число`)
    const all = await concepts(`# К\n## Числа\n${terms.join('\\n')}\nТекст далі.`)
    expect(all.map(({ sources }) => sources.length)).toEqual([1, 1, 1, 1, 2])
    const few = await concepts(`# К\n## Числа\n${terms.slice(0, 2).join('\\n')}\nТекст далі.`)
    expect(few.map(({ sources }) => sources.length)).toEqual([2, 2])
  })

  test('a sentence that only announces its list defines nothing', async () => {
    const [concept] = await concepts(
      '# К\n## Типи\nТип — це щось із цього:\n- назва\nТип визначає, що можна робити зі значенням.',
    )
    expect(concept).toMatchObject({ title: 'Типи', definition: 'Тип визначає, що можна робити зі значенням.' })
  })

  test('a deeper heading’s definition is the sentence that says what it means', async () => {
    const [first, second] = await concepts(`
      # К
      ## М
      ### У
      #### Рядки
      Є ще один тип. Символ — це одна літера. Рядок — це кілька символів.
      #### Методи
      Розгляньмо їх:
      - append
      Метод викликають через крапку. Далі більше.
    `)
    expect(first?.definition).toBe('Рядок — це кілька символів.')
    expect(second?.definition).toBe('Метод викликають через крапку.')
  })

  test('of English text too', async () => {
    const [list] = await concepts('# C\n## Collections\nA list is an ordered collection. For example, [1, 2].')
    expect(list).toMatchObject({
      title: 'list',
      definition: 'A list is an ordered collection.',
      examples: ['For example, [1, 2].'],
    })
  })

  test('nothing is invented', async () => {
    const { modules } = await build([document('# К\n## М\nТекст.')])
    expect(modules).toEqual([
      {
        title: 'М',
        description: null,
        learningGoal: null,
        expectedKnowledge: [],
        expectedSkills: [],
        difficulty: null,
        lessons: [
          {
            title: 'М',
            videoMaterialId: null,
            videoStartTimecode: null,
            videoEndTimecode: null,
            presentationMaterialId: null,
            slideRange: null,
            exercises: [],
            concepts: [
              {
                title: 'М',
                definition: 'Текст.',
                examples: [],
                timecodes: [],
                slideReferences: [],
                webReferences: [],
                sources: [{ materialId: 'text', locator: { heading: ['К', 'М'], paragraph: 1 } }],
              },
            ],
          },
        ],
      },
    ])
  })
})

describe('several materials', () => {
  const first = document('# Курс\n## 1. Змінні\n### Імена\nІм’я — це слово.\n## 2. Цикли')
  const second = document(
    '# Конспект\n## Лекція 2: ЦИКЛИ\n### Цикл for\n## Розділ 1. змінні\n### 1.1 Імена\nІмʼя – це назва.',
    'notes',
  )

  test('are united by title, in the order given', async () => {
    const course = await build([first, second])
    expect(titles(course)).toEqual({
      '1. Змінні': { Імена: ['Ім’я'] },
      '2. Цикли': { '2. Цикли': ['2. Цикли'], 'Цикл for': ['Цикл for'] },
    })
    expect(course.modules[0]?.lessons[0]?.concepts[0]).toMatchObject({
      definition: 'Ім’я — це слово.',
      sources: [{ materialId: 'text' }, { materialId: 'notes' }],
    })
  })

  test('a page that repeats its title as its first heading does not have a lesson of it', async () => {
    const page = { ...document('## Цикли\nКоротко.\n## Цикл while\n## Цикл for', 'page'), title: 'Цикли' }
    expect(titles(await build([document('# К\n## Змінні\n## Цикли\n### break'), page]))).toEqual({
      Змінні: { Змінні: ['Змінні'] },
      Цикли: { break: ['break'], 'Цикл while': ['Цикл while'], 'Цикл for': ['Цикл for'] },
    })
  })

  test('keep the description that one of them has', async () => {
    const described = document('# К\n## Цикли\nПро повторення.\n### Цикл for', 'other')
    const { modules } = await build([document('# К\n## Цикли\n### Цикл while'), described])
    expect(modules).toMatchObject([{ description: 'Про повторення.', lessons: [{}, {}] }])
  })

  test('a document that is named as another one’s module fills that module', async () => {
    const page = { ...document('## Цикл while\n### break\n## Цикл for', 'page'), title: 'Цикли' }
    const expected = {
      Змінні: { Змінні: ['Змінні'] },
      Цикли: { Цикли: ['Цикли'], 'Цикл while': ['break'], 'Цикл for': ['Цикл for'] },
    }
    expect(titles(await build([document('# К\n## Змінні\n## Цикли'), page]))).toEqual(expected)
    expect(titles(await build([page]))).toEqual({
      'Цикл while': { break: ['break'] },
      'Цикл for': { 'Цикл for': ['Цикл for'] },
    })
  })

  test('web references are of pages with an address only', async () => {
    const page: SourceMaterial = {
      ...document('## А\nПерше речення. Друге.\n## Б'),
      sourceType: 'web',
      name: 'https://example.com/a',
    }
    const [concept] = conceptsOf(await build([page]))
    expect(concept?.webReferences).toEqual([
      { url: 'https://example.com/a', title: 'https://example.com/a', description: 'Перше речення.' },
    ])
    for (const name of ['saved-page', 'https://', 'ftp://example.com/a']) {
      const file = { ...page, name }
      expect(conceptsOf(await build([file])).flatMap(({ webReferences }) => webReferences)).toEqual([])
    }
  })
})

describe('the engine', () => {
  test('reports growing progress up to 1 and stops when told to', async () => {
    const seen: number[] = []
    await build([document('# А'), speech(['Текст.'])], [], { progress: async (done) => void seen.push(done) })
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)

    const stop = new AbortController()
    const building = build([document('# А'), document('# Б', 'b')], [], {
      signal: stop.signal,
      progress: async () => stop.abort(new Error('досить')),
    })
    await expect(building).rejects.toThrow('досить')
    await expect(build([], [], { signal: AbortSignal.abort() })).rejects.toThrow()
  })
})
