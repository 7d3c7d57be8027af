import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Failure } from '#kernel/failure.ts'
import { concept, counter, exercise, lesson, module } from './fixtures/course-draft.ts'
import { adoptIds, type KnownIds, keepIds } from './keep-ids.ts'
import type { CourseDraft, CourseTree, ExerciseDraft, ModuleDraft } from './tree.ts'

describe('keepIds', () => {
  const before: CourseDraft = {
    modules: [
      module('1. Основи', [
        lesson(
          'Змінні',
          [concept('Змінна', 1), concept('Присвоювання', 2)],
          [exercise('Обміняйте значення двох змінних.')],
        ),
        lesson('Типи даних', [concept('Ціле число', 3), concept('Рядок', 4), concept('Список', 5)]),
      ]),
      module('2. Цикли', [lesson('Цикл for', [concept('Цикл for', 6), concept('range', 7)])]),
    ],
  }
  const previous = keepIds(null, before, counter('old'))

  test('a course without a previous version gets new ids only', () => {
    expect(idsOf(keepIds(null, before, counter('new')))).toEqual(idsOf(previous).map((id) => id.replace('old', 'new')))
  })

  test('titles may change their numbering, case and apostrophes', () => {
    const next = structuredClone(before)
    for (const [at, title] of ['Розділ 3. ОСНОВИ', 'Цикли'].entries()) Object.assign(next.modules[at] ?? {}, { title })
    expect(idsOf(keepIds(previous, next, counter('new')))).toEqual(idsOf(previous))
  })

  test('a renamed lesson is known by the concepts it teaches, a renamed module too', () => {
    const next = structuredClone(before)
    Object.assign(next.modules[0] ?? {}, { title: 'Перші кроки' })
    Object.assign(next.modules[0]?.lessons[1] ?? {}, { title: 'Які бувають значення' })
    expect(idsOf(keepIds(previous, next, counter('new')))).toEqual(idsOf(previous))
  })

  test('a lesson that teaches only half of what the old one taught is another lesson', () => {
    const half = { modules: [module('Основи', [lesson('Імена', [concept('Змінна', 10), concept('Константа', 11)])])] }
    const kept = keepIds(previous, half, counter('new'))
    expect(kept.modules[0]?.id).toBe(previous.modules[0]?.id)
    expect(kept.modules[0]?.lessons[0]?.id).toMatch(/^new/)
  })

  test('a concept that every lesson teaches tells no lesson from another', () => {
    const course = (prefix: string, page: number) => {
      const lessons = Array.from({ length: 101 }, (_, at) => lesson(`${prefix} ${at}`, [concept('Приклад', page + at)]))
      return { modules: [module('М', lessons)] }
    }
    const old = keepIds(null, course('Урок про', 1), counter('old'))
    const kept = keepIds(old, course('Заняття з', 201), counter('new'))
    expect(kept.modules[0]?.lessons.filter(({ id }) => !id.startsWith('new'))).toEqual([])
  })

  test('a renamed concept is known by its sources, also in another lesson', () => {
    const next = structuredClone(before)
    const [moved] = next.modules[0]?.lessons[1]?.concepts.splice(1, 1) ?? []
    next.modules[1]?.lessons[0]?.concepts.push({ ...concept('str', 4), definition: moved?.definition ?? '' })
    const kept = keepIds(previous, next, counter('new'))
    expect(kept.modules[1]?.lessons[0]?.concepts[2]?.id).toBe(previous.modules[0]?.lessons[1]?.concepts[1]?.id)
  })

  test('concepts of the same source are not taken for one another when their number changed', () => {
    const glossary = (...titles: string[]) => ({
      modules: [
        module('Словник', [
          lesson(
            'Терміни',
            titles.map((title) => concept(title, 1)),
          ),
        ]),
      ],
    })
    const old = keepIds(null, glossary('А', 'Б', 'В'), counter('old'))
    const kept = keepIds(old, glossary('А', 'Ґ'), counter('new'))
    const [same, other] = kept.modules[0]?.lessons[0]?.concepts ?? []
    expect(same?.id).toBe(old.modules[0]?.lessons[0]?.concepts[0]?.id)
    expect(other?.id).toMatch(/^new/)
  })

  test('a concept that moved keeps its id among others of the same source', () => {
    const old = keepIds(
      null,
      { modules: [module('М', [lesson('Перший', [concept('А', 1), concept('Б', 1)]), lesson('Другий', [])])] },
      counter('old'),
    )
    const next = { modules: [module('М', [lesson('Перший', []), lesson('Другий', [concept('Б', 1)])])] }
    const kept = keepIds(old, next, counter('new'))
    expect(kept.modules[0]?.lessons[1]?.concepts[0]?.id).toBe(old.modules[0]?.lessons[0]?.concepts[1]?.id)
  })

  test('two lessons of one title keep their own ids when their order changes', () => {
    const twice = { modules: [module('М', [lesson('Вправи', [concept('А', 1)]), lesson('Вправи', [concept('Б', 2)])])] }
    const swapped = { modules: [module('М', twice.modules[0]?.lessons.toReversed() ?? [])] }
    const old = keepIds(null, twice, counter('old'))
    const kept = keepIds(old, swapped, counter('new'))
    expect(kept.modules[0]?.lessons.map(({ id }) => id)).toEqual(
      old.modules[0]?.lessons.map(({ id }) => id).toReversed(),
    )
  })

  test('an exercise is known by its external id anywhere, else by its description in its lesson', () => {
    const course = (first: ExerciseDraft[], second: ExerciseDraft[]) => ({
      modules: [module('М', [lesson('Перший', [], first), lesson('Другий', [], second)])],
    })
    const old = keepIds(null, course([exercise('Задача', 'lms-1'), exercise('Складіть вірш!')], []), counter('old'))
    const [external, plain] = old.modules[0]?.lessons[0]?.exercises ?? []
    const kept = keepIds(
      old,
      course([exercise('складіть  вірш'), exercise('Задача', 'lms-2')], [exercise('Інше', 'lms-1')]),
      counter('new'),
    )
    const [first, second] = kept.modules[0]?.lessons ?? []
    expect(second?.exercises[0]?.id).toBe(external?.id)
    expect(first?.exercises[0]?.id).toBe(plain?.id)
    expect(first?.exercises[1]?.id).toMatch(/^new/)
  })

  test('exercises of two external ids are two, whatever they say', () => {
    const course = (externalId: string) => ({
      modules: [module('М', [lesson('У', [], [exercise('Задача', externalId)])])],
    })
    const old = keepIds(null, course('lms-1'), counter('old'))
    const kept = keepIds(old, course('lms-2'), counter('new'))
    expect(kept.modules[0]?.lessons[0]?.exercises[0]?.id).toMatch(/^new/)
  })

  test('an exercise that gets an external id stays the one it was', () => {
    const course = (externalId: string | null) => ({
      modules: [module('М', [lesson('У', [], [exercise('Задача', externalId)])])],
    })
    const old = keepIds(null, course(null), counter('old'))
    expect(idsOf(keepIds(old, course('lms-1'), counter('new')))).toEqual(idsOf(old))
  })
})

describe('keepIds of any course', () => {
  const courses = fc.record({ modules: fc.array(anyModule(), { maxLength: 4 }) })

  test('is idempotent', () => {
    fc.assert(
      fc.property(courses, courses, (first, second) => {
        const kept = keepIds(keepIds(null, first, counter('a')), second, counter('b'))
        expect(keepIds(kept, second, counter('c'))).toEqual(kept)
      }),
    )
  })

  test('uses no id twice and only ids of the same kind', () => {
    fc.assert(
      fc.property(courses, courses, (first, second) => {
        const old = keepIds(null, first, counter('a'))
        const kept = keepIds(old, second, counter('b'))
        expect(new Set(idsOf(kept)).size).toBe(idsOf(kept).length)
        const lessonIds = new Set(old.modules.flatMap(({ lessons }) => lessons).map(({ id }) => id))
        for (const { id } of kept.modules.flatMap(({ lessons }) => lessons)) {
          expect(id.startsWith('b') || lessonIds.has(id)).toBe(true)
        }
      }),
    )
  })

  test('adding and moving modules changes no id of the others', () => {
    const distinct = fc.uniqueArray(anyModule(), { maxLength: 5, selector: ({ title }) => title })
    fc.assert(
      fc.property(distinct, fc.nat(), fc.nat(), (modules, added, turn) => {
        const all = modules.map((one, at) => ({ ...one, title: `${one.title} ${'абвгд'[at]}` }))
        const old = all.filter((_, at) => at !== added % Math.max(1, all.length))
        const cut = turn % Math.max(1, all.length)
        const previous = keepIds(null, { modules: old }, counter('a'))
        const kept = keepIds(previous, { modules: [...all.slice(cut), ...all.slice(0, cut)] }, counter('b'))
        for (const one of previous.modules) expect(kept.modules).toContainEqual(one)
      }),
    )
  })
})

describe('adoptIds', () => {
  const previous = keepIds(
    null,
    {
      modules: [
        module('Основи', [lesson('Змінні', [concept('Змінна', 1)], [exercise('Задача')]), lesson('Типи', [])]),
        module('Цикли', [lesson('Цикл for', [concept('range', 2)])]),
      ],
    },
    counter('old'),
  )
  const known: KnownIds = {
    modules: new Set([...previous.modules.map(({ id }) => id), 'earlier']),
    lessons: new Set(previous.modules.flatMap(({ lessons }) => lessons.map(({ id }) => id))),
    concepts: new Set(
      previous.modules.flatMap(({ lessons }) => lessons.flatMap((l) => l.concepts.map(({ id }) => id))),
    ),
    exercises: new Set(
      previous.modules.flatMap(({ lessons }) => lessons.flatMap((l) => l.exercises.map(({ id }) => id))),
    ),
  }

  test('the same tree comes back as it is', () => {
    expect(adoptIds(previous, previous, known, counter('new'))).toEqual(previous)
  })

  test('a given id wins over the place, and its old place takes no other', () => {
    const [first, second] = previous.modules
    const given = { modules: [{ ...module('Основи', []), id: second?.id }, module('Цикли', [])] }
    const adopted = adoptIds(previous, given, known, counter('new'))
    expect(adopted.modules.map(({ id }) => id)).toEqual([second?.id, 'new-1'])
    expect(adopted.modules[1]?.id).not.toBe(first?.id)
  })

  test('what has no id is found below a parent that was given one under another title', () => {
    const given = {
      modules: [{ ...module('Зовсім інша назва', [lesson('Типи', [])]), id: previous.modules[0]?.id }],
    }
    const adopted = adoptIds(previous, given, known, counter('new'))
    expect(adopted.modules[0]?.lessons[0]?.id).toBe(previous.modules[0]?.lessons[1]?.id)
  })

  test('an id of an earlier version is taken', () => {
    const given = { modules: [{ ...module('Основи', []), id: 'earlier' }] }
    expect(adoptIds(previous, given, known, counter('new')).modules[0]?.id).toBe('earlier')
    expect(adoptIds(null, given, known, counter('new')).modules[0]?.id).toBe('earlier')
  })

  const lessonId = previous.modules[0]?.lessons[0]?.id
  const moduleId = previous.modules[0]?.id
  const withLessons = (...lessons: object[]) => ({ modules: [{ ...module('Основи', []), lessons }] })
  const bare = { ...lesson('У', []) }

  test.each([
    ['an unknown module', { modules: [module('А', []), { ...module('Б', []), id: 'ні' }] }, 'modules.1.id'],
    ['an empty id', { modules: [{ ...module('Б', []), id: '' }] }, 'modules.0.id'],
    ['an id of another kind', withLessons(bare, bare, { ...bare, id: moduleId }), 'modules.0.lessons.2.id'],
    ['an id given twice', withLessons({ ...bare, id: lessonId }, { ...bare, id: lessonId }), 'modules.0.lessons.1.id'],
    [
      'an unknown concept',
      withLessons({ ...bare, concepts: [{ ...concept('А', 1), id: 'ні' }] }),
      'modules.0.lessons.0.concepts.0.id',
    ],
    [
      'an unknown exercise',
      withLessons({ ...bare, exercises: [{ ...exercise('А'), id: 'ні' }] }),
      'modules.0.lessons.0.exercises.0.id',
    ],
  ])('%s is refused by its path', (_, given, path) => {
    const adopt = () => adoptIds(previous, given as Parameters<typeof adoptIds>[1], known, counter('new'))
    expect(adopt).toThrow(Failure)
    expect(adopt).toThrow(expect.objectContaining({ kind: 'invalid', errors: [{ path, message: expect.any(String) }] }))
  })
})

function idsOf({ modules }: CourseTree): string[] {
  const lessons = modules.flatMap((one) => one.lessons)
  return [...modules, ...lessons, ...lessons.flatMap((one) => [...one.concepts, ...one.exercises])].map(({ id }) => id)
}

/** Titles and sources of few kinds, so that they often repeat. */
function anyModule(): fc.Arbitrary<ModuleDraft> {
  const title = fc.constantFrom('Змінні', '1. змінні', 'Цикли', 'Приклад', 'Функції', 'Звʼязки', "Зв'язки")
  const concepts = fc.array(
    fc.tuple(title, fc.nat(4)).map(([name, page]) => concept(name, page)),
    { maxLength: 4 },
  )
  const externalId = fc.option(fc.constantFrom('lms-1', 'lms-2'))
  const exercises = fc.array(
    fc.tuple(title, externalId).map(([text, id]) => exercise(text, id)),
    { maxLength: 2 },
  )
  const lessons = fc.array(
    fc.tuple(title, concepts, exercises).map((parts) => lesson(...parts)),
    { maxLength: 4 },
  )
  return fc.tuple(title, lessons).map(([name, all]) => module(name, all))
}
