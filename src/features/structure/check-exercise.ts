import type { FieldError } from '#kernel/failure.ts'
import type { ExerciseDraft } from './tree.ts'

/** What is wrong between an exercise's kind, its options and its answer key. `at` is the path before its fields. */
export function checkExercise(exercise: ExerciseDraft, at: string): FieldError[] {
  const { kind, options, answerKey, criteria } = exercise
  const wrong = (field: string, message: string) => [{ path: `${at}${field}`, message }]
  const isChoice = kind === 'choice' || kind === 'multiple_choice'
  return [
    ...(isChoice && options.length < 2 ? wrong('options', `a ${kind} exercise has at least two`) : []),
    ...(!isChoice && options.length > 0 ? wrong('options', `a ${kind} exercise has none`) : []),
    ...(repeated(options.map(({ id }) => id)) ? wrong('options', 'have an id twice') : []),
    ...(repeated(criteria.map(({ id }) => id)) ? wrong('criteria', 'have an id twice') : []),
    ...(answerKey === null ? [] : keyErrors(exercise).flatMap((message) => wrong('answer_key', message))),
  ]
}

function keyErrors({ kind, options, answerKey }: ExerciseDraft): string[] {
  if (kind === 'open') return ['an open exercise has none']
  if (kind === 'number') return Array.isArray(answerKey) ? ['must be {"value", "tolerance"}'] : []
  if (!Array.isArray(answerKey)) return ['must be a list of texts']
  if (answerKey.length === 0) return ['must name at least one answer']
  if (kind === 'short_text') return answerKey.some((text) => text.trim() === '') ? ['has a blank answer'] : []
  const ids = new Set(options.map(({ id }) => id))
  return [
    ...(kind === 'choice' && answerKey.length !== 1 ? ['a choice exercise has one right option'] : []),
    ...(repeated(answerKey) ? ['names an option twice'] : []),
    ...(answerKey.some((id) => !ids.has(id)) ? ['names an option that is not there'] : []),
  ]
}

const repeated = (ids: string[]) => new Set(ids).size < ids.length
