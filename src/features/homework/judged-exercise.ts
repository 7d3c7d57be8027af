import { hasMeasure } from '#features/structure/index.ts'
import { exerciseNotGradable } from './failures.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { JudgedExercise } from './grading/verdict.ts'

/** The part of an exercise that an answer is judged by. */
export function judgedOf(exercise: JudgedExercise): JudgedExercise {
  const { kind, description, options, referenceSolution, gradingCriteria, criteria } = exercise
  const { answerKey, passScore, maxAttempts } = exercise
  return { kind, description, options, referenceSolution, gradingCriteria, criteria, answerKey, passScore, maxAttempts }
}

export const isKeyed = ({ kind }: Pick<JudgedExercise, 'kind'>) => kind !== 'open'

/** Throws the Failure `exercise.not_gradable` when it says nothing to judge an answer by. */
export function requireMeasure(exercise: JudgedExercise): void {
  if (!hasMeasure(exercise)) throw exerciseNotGradable()
}

/** Names what answers are judged by: equal ones judge alike. */
export const measureOf = (exercise: JudgedExercise) => fingerprintOf({ exercise, language: null, answer: '' })
