import { expect, test } from 'vitest'
import { Failure } from '#kernel/failure.ts'
import { document, paged, slideTime, speech, titles } from '../outline/fixtures/materials.ts'
import type { SourceMaterial } from '../tree.ts'
import {
  architect,
  briefOf,
  build,
  concept,
  exercise,
  module,
  prompts,
  readEach,
  reading,
  type Script,
  scripted,
  WIDE,
  windowsOf,
} from './fixtures/scripted.ts'
import { createArchitect } from './index.ts'
import type { Window } from './port.ts'

const text = document('# Змінні\nЗмінна — це ім’я.\nПрисвоювання — це дія.\n# Цикли\nЦикл — це повторення.')
const NARROW: Window = { contextWindow: 4_000, maxOutput: 4_000 }

const first = ({ course }: { course: Awaited<ReturnType<typeof build>>['course'] }) => course.modules[0]?.lessons[0]

test('three kinds of calls make a course with everything that a course has', async () => {
  const { course, dropped, asked, progress } = await build(briefOf([text]), {
    read: () => reading(concept('Змінна', [2, 3], { examples: ['x = 1'] }), concept('Цикл', [5])),
    plan: () => ({
      expected_knowledge: ['Знає, що таке змінна'],
      expected_skills: ['Пише цикли'],
      modules: [module([{ title: 'Початок', concepts: [{ ids: ['c1'] }, { ids: ['c2'] }] }], 'Основи')],
    }),
    write: () => ({ lessons: [{ lesson: 'l1', exercises: [exercise] }] }),
  })
  expect(asked.map(({ step }) => [step.name, step.action, step.materialId])).toEqual([
    ['read m1 1/1', 'material_analysis', 'text'],
    ['plan 1/1', 'course_structuring', null],
    ['exercises 1/1', 'course_structuring', null],
  ])
  expect([progress, dropped]).toEqual([[0.6, 0.75, 1], { concepts: 0, citations: 0, exercises: 0 }])
  const place = (heading: string, paragraph: number) => ({
    materialId: 'text',
    locator: { heading: [heading], paragraph },
  })
  expect(course).toMatchObject({
    expectedKnowledge: ['Знає, що таке змінна'],
    expectedSkills: ['Пише цикли'],
    modules: [
      {
        title: 'Основи',
        description: 'Про що модуль.',
        learningGoal: 'Навчитися.',
        expectedKnowledge: ['а'],
        expectedSkills: ['б'],
        difficulty: 'easy',
        lessons: [
          {
            title: 'Початок',
            concepts: [
              {
                title: 'Змінна',
                definition: 'Змінна — це поняття.',
                examples: ['x = 1'],
                sources: [place('Змінні', 1), place('Змінні', 2)],
              },
              { title: 'Цикл', sources: [place('Цикли', 1)] },
            ],
            exercises: [{ kind: 'open', description: exercise.description, difficultyLevel: 2 }],
          },
        ],
      },
    ],
  })
})

test('the messages: data in fences, the language outside, no ids of ours', async () => {
  const id = '0197f0c4-5d2e-7cc1-9d39-3a1f6a3c9e10'
  const { asked } = await build(briefOf([{ ...text, id }]), { read: readEach })
  const shown = asked.map(({ user }) => {
    const code = /^Fence: (\w+)\n/u.exec(user)?.[1] ?? ''
    return user.replaceAll(code, 'CODE')
  })
  expect(shown[1]).toBe(`Fence: CODE
Course plan. Concepts: 5. Language: uk.

<<<CODE course
title: Python для початківців
description: Перші кроки.
CODE>>>

<<<CODE concepts
# m1, text: конспект
[c1] Змінні: Змінні
[c2] Змінна — це ім’я.: Змінна — це ім’я.
[c3] Присвоювання — це дія.: Присвоювання — це дія.
[c4] Цикли: Цикли
[c5] Цикл — це повторення.: Цикл — це повторення.
CODE>>>`)
  expect(shown[2]).toMatch(
    /^Fence: CODE\nExercises. Lessons: 2. Language: uk.\n\n<<<CODE lessons\nmodule: Модуль\nlearning goal: Навчитися.\n# \[l1\] Урок 1\n- Змінні: Змінні\n/u,
  )
  expect(JSON.stringify(asked.map(({ user, step }) => [user, step.content]))).not.toContain(id)
  const own = ['read-material', 'plan-course', 'write-exercises'].map((name) => prompts.get(name)?.text ?? '')
  expect(asked.map(({ system }) => system)).toEqual(own.toSorted(byStep))
})

const byStep = (a: string, b: string) => order(a) - order(b)
const order = (system: string) =>
  ['You read', 'You arrange', 'You write'].findIndex((start) => system.startsWith(start))

test('citations of what was not shown are dropped, and so is a concept that is left with none, has no title or tells our prompts', async () => {
  const [prompt = ''] = [...prompts.values()].map((one) => one.text)
  const { course, dropped } = await build(briefOf([text]), {
    read: () =>
      reading(
        concept('Є', [2, 2, 99, 0]),
        concept('Немає', [6, 99]),
        concept('Нічого', []),
        concept(' ', [2]),
        concept('Витік', [2], { examples: [prompt.slice(0, 200)] }),
      ),
  })
  expect(titles(course)).toEqual({ Модуль: { 'Урок 1': ['Є'] } })
  expect([first({ course })?.concepts[0]?.sources.length, dropped]).toEqual([
    1,
    { concepts: 4, citations: 4, exercises: 0 },
  ])
})

test('a number of another part of the material is not shown in this one', async () => {
  const material = speech(Array.from({ length: 200 }, (_, at) => `Речення ${at}. ${'слово '.repeat(10)}`))
  const { dropped, asked } = await build(
    briefOf([material]),
    { read: (_user, at) => reading(concept(`П${at}`, [1])) },
    { window: NARROW },
  )
  const reads = asked.filter(({ step }) => step.action === 'material_analysis').length
  expect(reads).toBeGreaterThan(2)
  expect(dropped).toEqual({ concepts: reads - 1, citations: reads - 1, exercises: 0 })
})

test('concepts of several materials that are one: the sources of all, the wording of the first', async () => {
  const lecture = speech(['Змінна — це ім’я.', 'Ще про змінні.'])
  const { course } = await build(briefOf([{ ...text, id: 'text' }, lecture]), {
    read: (user) => reading(concept(user.includes('video') ? 'Про змінні' : 'Змінна', [2], { examples: ['а'] })),
    plan: () => ({
      expected_knowledge: [],
      expected_skills: [],
      modules: [module([{ title: 'У', concepts: [{ ids: ['c2', 'c1'] }] }])],
    }),
  })
  expect(first({ course })?.concepts).toEqual([
    {
      title: 'Про змінні',
      definition: 'Про змінні — це поняття.',
      examples: ['а'],
      timecodes: ['01:00'],
      slideReferences: [],
      webReferences: [],
      sources: [
        { materialId: 'video', locator: { start: 60, end: 120 } },
        { materialId: 'text', locator: { heading: ['Змінні'], paragraph: 1 } },
      ],
    },
  ])
})

test('what a later part takes up again under the same title is the same concept', async () => {
  const material = speech(Array.from({ length: 120 }, (_, at) => `Речення ${at}. ${'слово '.repeat(10)}`))
  const { course } = await build(
    briefOf([material]),
    { read: (user) => reading(concept('Змінна', [Number(/^\[(\d+)\]/mu.exec(user)?.[1])])) },
    { window: NARROW },
  )
  expect(first({ course })?.concepts.length).toBe(1)
  expect(first({ course })?.concepts[0]?.sources.length).toBeGreaterThan(1)
})

const slides = { ...paged(['Змінні', 'Числа', 'Рядки'], 'slide'), id: 'slides' }
const lecture = speech(['Про змінні.', 'Про числа.', 'Про рядки.'])
const times = [slideTime(1, 0), slideTime(2, 60), slideTime(3, 120)]

test.each<[string, SourceMaterial[], NonNullable<Script['read']>, object, object]>([
  [
    'what is said tells the slide that is shown meanwhile',
    [slides, lecture],
    (user) => (user.includes('video') ? reading(concept('Число', [2])) : reading()),
    { timecodes: ['01:00'], slideReferences: [2] },
    {
      videoMaterialId: 'video',
      videoStartTimecode: '01:00',
      videoEndTimecode: '02:00',
      presentationMaterialId: 'slides',
      slideRange: { start: 2, end: 2 },
    },
  ],
  [
    'a slide tells when it is spoken of',
    [slides, lecture],
    (user) => (user.includes('presentation') ? reading(concept('Число', [2, 3])) : reading()),
    { timecodes: ['01:00'], slideReferences: [2, 3] },
    {
      videoMaterialId: 'video',
      videoStartTimecode: '01:00',
      videoEndTimecode: '03:00',
      slideRange: { start: 2, end: 3 },
    },
  ],
  [
    'slides without a video have no times',
    [slides],
    () => reading(concept('Число', [2])),
    { timecodes: [], slideReferences: [2] },
    {
      videoMaterialId: null,
      videoStartTimecode: null,
      presentationMaterialId: 'slides',
      slideRange: { start: 2, end: 2 },
    },
  ],
])('%s', async (_name, materials, read, ofConcept, ofLesson) => {
  const { course } = await build(briefOf(materials, times), { read })
  expect(first({ course })?.concepts[0]).toMatchObject(ofConcept)
  expect(first({ course })).toMatchObject(ofLesson)
})

test('the most telling citation is the first timecode', async () => {
  const { course } = await build(briefOf([lecture]), { read: () => reading(concept('Число', [3, 1])) })
  expect(first({ course })?.concepts[0]?.timecodes).toEqual(['02:00', '00:00'])
})

test('a web page that is cited is a web reference, in its own words; sources are bounded', async () => {
  const page = {
    ...document(`# Список\n${'Список — це колекція.\n'.repeat(40)}`, 'page'),
    sourceType: 'web' as const,
    name: 'https://uk.wikipedia.org/wiki/Список',
    title: 'Список',
  }
  const { course } = await build(briefOf([page]), {
    read: () =>
      reading(
        concept(
          'Список',
          Array.from({ length: 40 }, (_, at) => at + 2),
          { definition: 'Див. https://evil.example.' },
        ),
      ),
  })
  const [cited] = first({ course })?.concepts ?? []
  expect(cited?.webReferences).toEqual([
    { url: 'https://uk.wikipedia.org/wiki/Список', title: 'Список', description: 'Список — це колекція.' },
  ])
  expect([cited?.definition, cited?.sources.length]).toEqual(['Див. .', 20])
})

test('titles and goals that tell our prompts are taken from what is below, or left out', async () => {
  const [prompt = ''] = [...prompts.values()].map((one) => one.text)
  const told = prompt.slice(100, 300)
  const { course } = await build(briefOf([text]), {
    read: () => reading(concept('Змінна', [2])),
    plan: () => ({
      expected_knowledge: [told, 'Знає'],
      expected_skills: [],
      modules: [
        { ...module([{ title: told, concepts: [{ ids: ['c1'] }] }], told), description: told, learning_goal: ' ' },
      ],
    }),
  })
  expect(titles(course)).toEqual({ Змінна: { Змінна: ['Змінна'] } })
  expect(course.expectedKnowledge).toEqual(['Знає'])
  expect(course.modules[0]).toMatchObject({ description: null, learningGoal: null })
})

test('exercises of lessons that were not given, too many, twice or useless are dropped and counted', async () => {
  const numbered = Array.from({ length: 7 }, (_, at) => ({ ...exercise, description: `Вправа ${at}` }))
  const { course, dropped } = await build(briefOf([text]), {
    read: () => reading(concept('Змінна', [2])),
    write: () => ({
      lessons: [
        { lesson: 'l1', exercises: [exercise, exercise, { ...exercise, description: ' ' }] },
        { lesson: 'l9', exercises: [exercise] },
        { lesson: 'l1', exercises: numbered },
      ],
    }),
  })
  expect(first({ course })?.exercises.length).toBe(5)
  expect(dropped.exercises).toBe(6)
})

test.each<[string, SourceMaterial[], NonNullable<Script['read']>]>([
  ['no words', [document('')], () => reading()],
  ['no materials', [], () => reading()],
  ['no concepts', [text], () => reading()],
  ['no real ones', [text], () => reading(concept('Вигадка', [99]))],
])('a course that could be made of %s is refused', async (_name, materials, read) => {
  const error = await build(briefOf(materials), { read }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ kind: 'conflict', code: 'structure.nothing_found' })
  expect(error).toBeInstanceOf(Failure)
})

const long = speech(Array.from({ length: 400 }, (_, at) => `Поняття ${at} — це щось. ${'слово '.repeat(10)}`))

test('in a small window everything is divided, asked for and put together', async () => {
  const { course, asked, progress } = await build(briefOf([long]), { read: readEach }, { window: NARROW })
  const kinds = Object.groupBy(asked, ({ step }) => step.name.split(' ')[0] ?? '')
  expect(kinds['read']?.length).toBeGreaterThan(5)
  expect(kinds['plan']?.length).toBeGreaterThan(2)
  expect(course.modules.flatMap(({ lessons }) => lessons).flatMap(({ concepts }) => concepts).length).toBe(400)
  expect(progress).toEqual(progress.toSorted((a, b) => a - b))
  expect([progress.length, progress.at(-1)]).toEqual([asked.length, 1])
  for (const { maxOutputTokens } of asked) expect(maxOutputTokens).toBeLessThanOrEqual(NARROW.maxOutput)
})

test('a course is the same in whatever order answers come, and asks the same again but for the fences', async () => {
  const brief = briefOf([text, long])
  const once = await build(brief, { read: readEach }, { window: NARROW })
  const { ask, asked } = scripted({ read: readEach })
  let late = 0
  const shuffled: typeof ask = async (step, question) => {
    const answer = await ask(step, question)
    late += 1
    for (let turn = 0; turn < (late * 7) % 5; turn++) await Promise.resolve()
    return answer
  }
  const context = { signal: new AbortController().signal, ask: shuffled, progress: async () => undefined }
  const again = await architect.build(structuredClone(brief), { ...context, windows: windowsOf(NARROW) })
  expect(again).toEqual({ course: once.course, dropped: once.dropped })
  const contents = (all: typeof asked) => all.map(({ step, system }) => JSON.stringify([step, system])).toSorted()
  expect(contents(asked)).toEqual(contents(once.asked))
  const codes = [...once.asked, ...asked].map(({ user }) => user.slice(0, 39))
  expect(new Set(codes).size).toBe(codes.length)
})

test('a material is read the same whatever else there is', async () => {
  const contents = async (materials: SourceMaterial[]) =>
    (await build(briefOf(materials), { read: readEach })).asked
      .filter(({ step }) => step.materialId === 'text')
      .map(({ step }) => step.content)
  expect(await contents([lecture, text])).toEqual(await contents([text]))
})

test('three calls at once, and none more after one failed', async () => {
  const { ask } = scripted({ read: readEach })
  let [underWay, most, begun] = [0, 0, 0]
  const failing: typeof ask = async (step, question) => {
    begun += 1
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise((resolve) => setImmediate(resolve))
    underWay -= 1
    if (begun >= 4) throw new Failure('unavailable', 'llm.unavailable', 'Ні.')
    return ask(step, question)
  }
  const context = { signal: new AbortController().signal, ask: failing, progress: async () => undefined }
  const built = architect.build(briefOf([long]), { ...context, windows: windowsOf(NARROW) })
  await expect(built).rejects.toMatchObject({ code: 'llm.unavailable' })
  expect([most, underWay]).toEqual([3, 0])
  expect(begun).toBeLessThanOrEqual(6)
})

test('an abort ends it with its reason, and nothing more is asked', async () => {
  const abort = new AbortController()
  const { asked, ask } = scripted({ read: readEach })
  const progress = async (done: number) => {
    if (done > 0.1) abort.abort(new Error('досить'))
  }
  const built = architect.build(briefOf([long]), { signal: abort.signal, ask, progress, windows: windowsOf(NARROW) })
  await expect(built).rejects.toThrow('досить')
  const parts = architect.expectedCalls(briefOf([long]), windowsOf(NARROW)).filter(isReading).length
  expect(asked.length).toBeLessThan(parts)
  const never = architect.build(briefOf([text]), { signal: abort.signal, ask, progress, windows: windowsOf(WIDE) })
  await expect(never).rejects.toThrow('досить')
})

const isReading = ({ action }: { action: string }) => action === 'material_analysis'

test('the version changes with every prompt, and a missing one is refused', () => {
  const names = [...prompts.keys()]
  expect(names.length).toBe(3)
  const versions = names.map((name) => {
    const changed = new Map(prompts).set(name, { version: `${name}@1`, text: 'Інакше' })
    return createArchitect({ prompts: changed }).version
  })
  expect(new Set([architect.version, ...versions]).size).toBe(4)
  expect(createArchitect({ prompts }).version).toBe(architect.version)
  for (const name of names) {
    const without = new Map(prompts)
    without.delete(name)
    expect(() => createArchitect({ prompts: without })).toThrow(name)
  }
})
