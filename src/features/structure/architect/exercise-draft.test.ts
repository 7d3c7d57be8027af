import { expect, test } from 'vitest'
import { createLeakCheck } from '#platform/llm/leaks.ts'
import { checkExercise } from '../check-exercise.ts'
import { createCleaner } from './clean.ts'
import { exerciseDraft } from './exercise-draft.ts'
import { exercise, prompts } from './fixtures/scripted.ts'
import type { ExerciseAnswer } from './schemas.ts'

const [prompt = ''] = [...prompts.values()].map(({ text }) => text)
const cleaner = createCleaner({ materials: [], leaksPrompt: createLeakCheck([prompt]) })

const option = (text: string, correct = false) => ({ text, correct })
const options = [option('так', true), option('ні'), option('може')]

function draft(changes: Partial<ExerciseAnswer>) {
  const made = exerciseDraft({ ...exercise, ...changes }, cleaner)
  if (made) expect(checkExercise(made, '')).toEqual([])
  return made
}

test('everything that is said is kept; ids and defaults are ours', () => {
  expect(draft({ kind: 'choice', options, difficulty_level: 4 })).toEqual({
    externalId: null,
    kind: 'choice',
    description: 'Поясніть, що таке змінна.',
    options: [
      { id: 'o1', text: 'так' },
      { id: 'o2', text: 'ні' },
      { id: 'o3', text: 'може' },
    ],
    referenceSolution: 'Змінна — це ім’я значення.',
    gradingCriteria: 'Названо ім’я і значення.',
    criteria: [{ id: 'c1', text: 'Названо ім’я', weight: 2, required: true }],
    answerKey: ['o1'],
    passScore: 60,
    maxAttempts: 20,
    difficultyLevel: 4,
  })
})

test.each<[string, Partial<ExerciseAnswer>, string, unknown]>([
  ['an open one', {}, 'open', null],
  [
    'an open one with what it does not need',
    { options, accepted: ['x'], number: { value: 1, tolerance: 0 } },
    'open',
    null,
  ],
  [
    'several right options',
    { kind: 'multiple_choice', options: [...options, option('інше', true)] },
    'multiple_choice',
    ['o1', 'o4'],
  ],
  [
    'a choice with two right ones',
    { kind: 'choice', options: [...options, option('інше', true)] },
    'multiple_choice',
    ['o1', 'o4'],
  ],
  ['an option twice', { kind: 'choice', options: [...options, option(' так ')] }, 'choice', ['o1']],
  ['no right option', { kind: 'choice', options: [option('а'), option('б')] }, 'open', null],
  ['one option', { kind: 'choice', options: [option('а', true), option(' ')] }, 'open', null],
  ['no options', { kind: 'multiple_choice', options: [] }, 'open', null],
  ['a number', { kind: 'number', number: { value: -1.5, tolerance: 0.1 } }, 'number', { value: -1.5, tolerance: 0.1 }],
  ['a number without a value', { kind: 'number' }, 'open', null],
  ['a tolerance below zero', { kind: 'number', number: { value: 1, tolerance: -1 } }, 'open', null],
  [
    'a short text',
    { kind: 'short_text', accepted: ['print', ' ', 'print', 'print()'] },
    'short_text',
    ['print', 'print()'],
  ],
  ['a short text without an answer', { kind: 'short_text', accepted: [' '] }, 'open', null],
])('%s', (_name, changes, kind, key) => {
  const made = draft(changes)
  expect([made?.kind, made?.answerKey]).toEqual([kind, key])
  if (kind === 'open') expect(made?.options).toEqual([])
})

test('an open question that was a choice still names its options', () => {
  expect(draft({ kind: 'choice', options: [option('а'), option('б')] })?.description).toBe(
    'Поясніть, що таке змінна.\n- а\n- б',
  )
})

test('criteria and grading stand in for each other, and the key for the solution', () => {
  expect(draft({ criteria: [] })?.criteria).toEqual([
    { id: 'c1', text: 'Названо ім’я і значення.', weight: 1, required: true },
  ])
  expect(draft({ grading_criteria: ' ' })?.gradingCriteria).toBe('Названо ім’я')
  expect(draft({ kind: 'choice', options, reference_solution: '' })?.referenceSolution).toBe('так')
})

const leak = prompt.slice(300, 400)

test.each<[string, Partial<ExerciseAnswer>]>([
  ['no task', { description: ' \u200b' }],
  ['no solution', { reference_solution: ' ' }],
  ['nothing to judge by', { grading_criteria: '', criteria: [{ text: ' ', weight: 1, required: true }] }],
  ['our prompt in the task', { description: `Так: ${leak}` }],
  ['our prompt in an option', { kind: 'choice', options: [...options, option(leak)] }],
  ['our prompt in a criterion', { criteria: [{ text: leak, weight: 1, required: true }] }],
  ['our prompt in an answer', { accepted: [leak] }],
  ['a fence’s code', { reference_solution: 'bcdfghjkmnpqrtvw'.repeat(2) }],
])('not taken: %s', (_name, changes) => expect(draft(changes)).toBeNull())
