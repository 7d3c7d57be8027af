import { describe, expect, test } from 'vitest'
import type { Chunk, Locator } from '#kernel/chunk.ts'
import type { ConceptDraft, CourseDraft, SlideTime, SourceMaterial } from '../tree.ts'
import { createOutlineEngine } from './index.ts'

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

describe('pages and slides', () => {
  test('pages of a PDF are lessons of about ten, with what each page defines', async () => {
    const texts = Array.from({ length: 20 }, (_, at) => `Термін ${at} — це поняття номер ${at}. Ще речення.`)
    const course = await build([paged(texts, 'page')])
    expect(course.modules.map(({ title }) => title)).toEqual(['конспект'])
    expect(course.modules[0]?.lessons.map(({ title, concepts: all }) => [title, all.length])).toEqual([
      ['Термін 0 — це поняття номер 0', 10],
      ['Термін 10 — це поняття номер 10', 10],
    ])
    expect(conceptsOf(course)[3]).toMatchObject({
      title: 'Термін 3',
      sources: [{ locator: { page: 4 } }],
      slideReferences: [],
    })
  })

  test('slides are concepts of a lesson with their range; a slide that only thanks is none', async () => {
    const course = await build([paged(['Вступ', 'Цикл for', 'Дякую за увагу!'], 'slide')])
    expect(titles(course)).toEqual({ конспект: { Вступ: ['Вступ', 'Цикл for'] } })
    expect(course.modules[0]?.lessons[0]).toMatchObject({
      presentationMaterialId: 'text',
      slideRange: { start: 1, end: 2 },
      concepts: [{ slideReferences: [1] }, { slideReferences: [2] }],
    })
  })

  test('slides of what a document teaches become its sources', async () => {
    const text = document(
      '# К\n## Цикли\n### Цикл while\nПовторює, доки умова істинна.\n### Цикл for\nПеребирає елементи списку.',
      'doc',
    )
    const course = await build([paged(['Цикл for\nелементи списку', 'Цикл while\nумова'], 'slide'), text])
    expect(titles(course)).toEqual({ Цикли: { 'Цикл while': ['Цикл while'], 'Цикл for': ['Цикл for'] } })
    expect(course.modules[0]?.lessons[1]).toMatchObject({
      presentationMaterialId: 'text',
      slideRange: { start: 1, end: 1 },
      concepts: [
        { slideReferences: [1], sources: [{ materialId: 'doc' }, { materialId: 'text', locator: { slide: 1 } }] },
      ],
    })
  })
})

describe('speech', () => {
  const text = document(`
    # Курс
    ## Повторення
    ### Цикл while
    Цикл while повторює свій блок, доки умова істинна. Умову перевіряють перед кожним кроком.
    ### Цикл for
    Цикл for перебирає елементи послідовності. Функція range створює послідовність чисел.
  `)
  const whileSpeech =
    'Почнімо з циклу while. Він повторюватиме блок, доки умова лишається істинною. Умову перевіряє перед кожним кроком.'
  const forSpeech =
    'Тепер цикл for. Він перебере всі елементи послідовності, а послідовність чисел створює функція range.'
  const offTopic =
    'Варимо бульйон, чистимо буряк і моркву. Потім додаємо картоплю, капусту й томатну пасту, солимо та перчимо.'

  test('that follows the text gives timecodes, the lesson’s part of the video and the slides shown meanwhile', async () => {
    const course = await build(
      [text, speech([whileSpeech, forSpeech])],
      [{ ...slideTime(7, 0) }, { ...slideTime(8, 60) }, { ...slideTime(9, 90) }],
    )
    expect(course.modules).toHaveLength(1)
    expect(course.modules[0]?.lessons).toMatchObject([
      {
        title: 'Цикл while',
        videoMaterialId: 'video',
        videoStartTimecode: '00:00',
        videoEndTimecode: '01:00',
        slideRange: { start: 7, end: 7 },
      },
      {
        title: 'Цикл for',
        videoMaterialId: 'video',
        videoStartTimecode: '01:00',
        videoEndTimecode: '02:00',
        slideRange: { start: 8, end: 9 },
      },
    ])
    expect(conceptsOf(course)[1]).toMatchObject({
      timecodes: ['01:00'],
      slideReferences: [8, 9],
      sources: [{ materialId: 'text' }, { materialId: 'video', locator: { start: 60, end: 120 } }],
    })
  })

  test('on something else is a module of its own, from the first hour on with hours', async () => {
    const video = speech([whileSpeech, offTopic, offTopic, offTopic, forSpeech], 3540)
    const course = await build([text, video])
    expect(course.modules.map(({ title }) => title)).toEqual(['Повторення', 'лекція'])
    expect(course.modules[1]?.lessons).toMatchObject([
      { title: 'Варимо бульйон, чистимо буряк і моркву', videoStartTimecode: '1:00:00', videoEndTimecode: '1:03:00' },
    ])
    const short = await build([text, speech([whileSpeech, offTopic, forSpeech])])
    expect(short.modules.map(({ title }) => title)).toEqual(['Повторення'])
  })

  test('of two lessons in one passage is told apart by its place in the passage', async () => {
    const course = await build([text, speech([`${whileSpeech} ${forSpeech}`])])
    const [first, second] = course.modules[0]?.lessons ?? []
    expect(first?.videoStartTimecode).toBe('00:00')
    expect(first?.videoEndTimecode).toMatch(/^00:[23]\d$/)
    expect(second).toMatchObject({ videoStartTimecode: first?.videoEndTimecode, videoEndTimecode: '01:00' })
    const locators = conceptsOf(course).map(({ sources }) => sources.at(-1)?.locator)
    expect(locators).toEqual([
      { start: 0, end: 60 },
      { start: 0, end: 60 },
    ])
  })

  test('that matches nothing at all is kept whole, however short', async () => {
    const course = await build([text, speech([`Вітаю! ${offTopic}`])])
    expect(course.modules[1]?.lessons[0]?.concepts).toMatchObject([
      {
        title: 'Варимо бульйон, чистимо буряк і моркву',
        definition: 'Варимо бульйон, чистимо буряк і моркву.',
        timecodes: ['00:00'],
      },
    ])
  })

  test('with a chance word in common is kept whole too', async () => {
    const chance = `${offTopic} Цикл for перебирає елементи послідовності. ${offTopic}`
    const course = await build([text, speech([offTopic, offTopic, chance, ...Array(8).fill(offTopic)])])
    expect(course.modules[0]?.lessons.map(({ videoMaterialId }) => videoMaterialId)).toEqual([null, null])
    expect(course.modules[1]?.lessons).toMatchObject([{ videoStartTimecode: '00:00', videoEndTimecode: '11:00' }])
  })

  test('that begins a little before the slide changes does not bring the earlier slide along', async () => {
    const times = [slideTime(1, 0), slideTime(2, 67)]
    const course = await build([text, speech([whileSpeech, forSpeech])], times)
    expect(conceptsOf(course).map(({ slideReferences }) => slideReferences)).toEqual([[1], [2]])
  })

  test('alone is cut into lessons of about ten minutes', async () => {
    const sentences = Array.from(
      { length: 31 },
      (_, at) => `Речення номер ${at} про щось дуже цікаве й корисне, ${'що довго триває, '.repeat(5)}так.`,
    )
    const course = await build([speech(sentences)])
    expect(course.modules[0]?.lessons.map(({ title }) => title)).toEqual([
      'Речення номер 0 про щось дуже цікаве й корисне, що довго триває, що довго…',
      'Речення номер 11 про щось дуже цікаве й корисне, що довго триває, що довго…',
      'Речення номер 21 про щось дуже цікаве й корисне, що довго триває, що довго…',
    ])
  })

  test('a slide mapping ties the speech to slides whatever the words', async () => {
    const deck = { ...paged(['Перше', 'Друге'], 'slide'), id: 'deck' }
    const times = [slideTime(2, 0), slideTime(1, 60)]
    const course = await build([deck, speech([whileSpeech, forSpeech])], times)
    expect(conceptsOf(course).map(({ title, timecodes }) => [title, timecodes])).toEqual([
      ['Перше', ['01:00']],
      ['Друге', ['00:00']],
    ])
  })

  test('a video without words does not make the only other one ambiguous', async () => {
    const silent = { ...speech([]), id: 'silent' }
    const course = await build([text, silent, speech([whileSpeech, forSpeech])], [slideTime(4, 0)])
    expect(conceptsOf(course)[0]?.slideReferences).toEqual([4])
  })

  test('of two videos a lesson names the one that speaks of it longer', async () => {
    const short = { ...speech([forSpeech]), id: 'short' }
    const course = await build([text, speech([whileSpeech, forSpeech, forSpeech]), short], [slideTime(1, 0)])
    expect(course.modules[0]?.lessons[1]).toMatchObject({
      videoMaterialId: 'video',
      videoStartTimecode: '01:00',
      slideRange: null,
    })
    expect(conceptsOf(course)[1]?.sources.map(({ materialId }) => materialId)).toContain('short')
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

type Context = Parameters<ReturnType<typeof createOutlineEngine>['build']>[1]

function build(materials: SourceMaterial[], slideTimes: SlideTime[] = [], context: Partial<Context> = {}) {
  const quiet: Context = { signal: new AbortController().signal, progress: async () => {} }
  return createOutlineEngine().build({ materials, slideTimes }, { ...quiet, ...context })
}

async function concepts(text: string): Promise<ConceptDraft[]> {
  return conceptsOf(await build([document(text)]))
}

function conceptsOf({ modules }: CourseDraft): ConceptDraft[] {
  return modules.flatMap(({ lessons }) => lessons).flatMap(({ concepts: all }) => all)
}

function titles({ modules }: CourseDraft) {
  return Object.fromEntries(
    modules.map((module) => [
      module.title,
      Object.fromEntries(module.lessons.map((lesson) => [lesson.title, lesson.concepts.map(({ title }) => title)])),
    ]),
  )
}

/** A document as the extractor would give it: `# ` headings, `- ` or `1. ` a list (`\n` between items), three backticks before code, else paragraphs. */
function document(text: string, id = 'text'): SourceMaterial {
  const chunks: Chunk[] = []
  let headings: { level: number; title: string }[] = []
  let paragraph = 0
  for (const line of text
    .split('\n')
    .map((one) => one.trim())
    .filter(Boolean)) {
    const [, marks, title] = /^(#+) (.*)$/.exec(line) ?? []
    if (marks && title)
      headings = [...headings.filter(({ level }) => level < marks.length), { level: marks.length, title }]
    paragraph = marks ? 0 : paragraph + 1
    const locator = { heading: headings.map((heading) => heading.title), paragraph }
    const add = (kind: Chunk['kind'], own: string) =>
      chunks.push({ order: chunks.length + 1, kind, text: own, locator })
    if (title) add('heading', title)
    else if (/^(?:-|\d+\.) /.test(line)) add('list', line.replaceAll('\\n', '\n'))
    else if (line.startsWith('```')) add('code', line.slice(3))
    else add('paragraph', line)
  }
  return { id, sourceType: 'text', name: 'конспект', title: null, chunks }
}

/** One text a page or slide; the first line of a slide is its heading. */
function paged(texts: string[], unit: 'page' | 'slide'): SourceMaterial {
  const chunks = texts.flatMap((text, at) =>
    text.split('\n').map((line, index): Omit<Chunk, 'order'> => {
      const locator: Locator = unit === 'page' ? { page: at + 1 } : { slide: at + 1 }
      return { kind: unit === 'slide' && index === 0 ? 'heading' : 'paragraph', text: line, locator }
    }),
  )
  const sourceType = unit === 'page' ? 'text' : 'presentation'
  return {
    id: 'text',
    sourceType,
    name: 'конспект',
    title: null,
    chunks: chunks.map((chunk, at) => ({ ...chunk, order: at + 1 })),
  }
}

/** One passage a minute. */
function speech(texts: string[], from = 0): SourceMaterial {
  const chunks = texts.map((text, at): Chunk => {
    return { order: at + 1, kind: 'passage', text, locator: { start: from + at * 60, end: from + at * 60 + 60 } }
  })
  return { id: 'video', sourceType: 'video', name: 'лекція', title: null, chunks }
}

function slideTime(slideNumber: number, seconds: number): SlideTime {
  return { slideNumber, seconds, presentationId: null, videoId: null }
}
