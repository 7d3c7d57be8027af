import { expect, test } from 'vitest'
import { document } from '../outline/fixtures/materials.ts'
import { arrange, type PlannedModule } from './arrange.ts'
import { module } from './fixtures/scripted.ts'
import { MOST } from './limits.ts'
import type { FoundConcept } from './read.ts'

const materials = ['a', 'b', 'c'].map((id) => ({ ...document('', id), name: `Матеріал ${id}` }))

/** `a1` is the first concept of material a; with a title of its own unless one is given. */
function found(id: string, title = `Поняття ${id}`): FoundConcept {
  const chunks = [{ order: 1, kind: 'paragraph' as const, text: id, locator: { page: 1 } }]
  return { id, materialId: id.charAt(0), title, definition: '', examples: [], chunks }
}

/** Lessons by their titles: their concepts, each as `a1` or `a1+b1`. */
const shapeOf = (modules: PlannedModule[]) =>
  modules.map(({ title, lessons }) => [
    title,
    ...lessons.map(
      (lesson) => `${lesson.title}: ${lesson.concepts.map((same) => same.map(({ id }) => id).join('+')).join(' ')}`,
    ),
  ])

const lesson = (title: string, ...concepts: string[]) => ({
  title,
  concepts: concepts.map((ids) => ({ ids: ids === '' ? [] : ids.split('+') })),
})

type Lessons = ReturnType<typeof lesson>[]

function arranged(concepts: FoundConcept[], ...modules: Lessons[]) {
  const answer = {
    expected_knowledge: [],
    expected_skills: [],
    modules: modules.map((lessons, at) => module(lessons, `М${at + 1}`)),
  }
  return arrange([{ group: { concepts, message: { head: [], data: [] } }, answer }], materials)
}

const six = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map((id) => found(id))

test.each<[string, Lessons[], string[][]]>([
  [
    'as it is planned',
    [[lesson('У1', 'a1+b1', 'a2'), lesson('У2', 'b2')], [lesson('У3', 'a3', 'b3')]],
    [
      ['М1', 'У1: a1+b1 a2', 'У2: b2'],
      ['М2', 'У3: a3 b3'],
    ],
  ],
  [
    'each concept where it is named first, none that there is not',
    [[lesson('У1', 'a1+a1', 'c9', ''), lesson('У2', 'a1', 'x'), lesson('У3', 'b1+a1')], [lesson('У4', 'a1')]],
    [['М1', 'У1: a1 a2 a3', 'У3: b1 b2 b3']],
  ],
  [
    'what was forgotten next to its neighbours, in the order of its material',
    [[lesson('У1', 'b3', 'a2'), lesson('У2', 'b2')]],
    [['М1', 'У1: b3 a1 a2 a3', 'У2: b1 b2']],
  ],
  [
    'a material that was left out in a module of its own',
    [[lesson('У1', 'a1', 'a2', 'a3')]],
    [
      ['М1', 'У1: a1 a2 a3'],
      ['Матеріал b', 'Матеріал b: b1 b2 b3'],
    ],
  ],
  [
    'a plan that names nothing',
    [[lesson('У1')], []],
    [
      ['Матеріал a', 'Матеріал a: a1 a2 a3'],
      ['Матеріал b', 'Матеріал b: b1 b2 b3'],
    ],
  ],
])('%s', (_name, modules, shape) => expect(shapeOf(arranged(six, ...modules))).toEqual(shape))

test('what has the same title is united: in a lesson, and what was forgotten with it', () => {
  const concepts = [found('a1', 'Змінна'), found('b1', '1. ЗМІННА'), found('c1', 'Змінна.'), found('a2')]
  expect(shapeOf(arranged(concepts, [lesson('У1', 'a1', 'a2', 'b1')]))).toEqual([['М1', 'У1: a1+b1+c1 a2']])
})

test('modules of the same title in two groups are one', () => {
  const answer = (id: string, title: string) => ({
    expected_knowledge: [],
    expected_skills: [],
    modules: [module([lesson(`У ${id}`, id)], title)],
  })
  const group = (id: string) => ({ concepts: [found(id)], message: { head: [], data: [] } })
  const groups = [
    { group: group('a1'), answer: answer('a1', 'Основи') },
    { group: group('b1'), answer: answer('b1', 'Розділ 2. основи') },
    // Only what a group was given can be named by its answer.
    { group: group('c1'), answer: answer('a1', 'Інше') },
  ]
  expect(shapeOf(arrange(groups, materials))).toEqual([
    ['Основи', 'У a1: a1', 'У b1: b1'],
    ['Матеріал c', 'Матеріал c: c1'],
  ])
})

test('a plan without end is bounded, and nothing is lost by that', () => {
  const concepts = Array.from({ length: 3_000 }, (_, at) => found(`a${at}`))
  const all = concepts.map(({ id }) => id)
  const one = arranged(concepts, [lesson('У', all.join('+'))], [lesson('Ще', ...all)])
  const lessons = one.flatMap((inside) => inside.lessons)
  expect(Math.max(...lessons.map((inside) => inside.concepts.length))).toBeLessThanOrEqual(MOST.conceptsOfLesson)
  expect(Math.max(...lessons.flatMap((inside) => inside.concepts.map((same) => same.length)))).toBe(MOST.united)
  expect(lessons.flatMap((inside) => inside.concepts.flat()).length).toBe(concepts.length)

  const many = arranged(concepts, ...all.map((id) => [lesson('У', id)]))
  expect(many.length).toBeLessThanOrEqual(MOST.modules + 1)
  expect(many.flatMap((inside) => inside.lessons).length).toBeLessThanOrEqual(MOST.lessons + 200)
  expect(many.flatMap((inside) => inside.lessons.flatMap((own) => own.concepts.flat())).length).toBe(concepts.length)
})
