import { createHash } from 'node:crypto'
import type { HandedIn, JudgedExercise } from './grading/verdict.ts'

type Handed = { exercise: JudgedExercise; language: string | null } & ({ answer: HandedIn } | { fileSha256: string })

/**
 * Of an answer and all that it is judged by: equal ones of one student need no second check. The order of chosen options does not count, nor
 * does what a student never notices: the attempts that are left.
 */
export function fingerprintOf({ exercise, language, ...handed }: Handed): string {
  const { kind, description, options, criteria, gradingCriteria, referenceSolution, answerKey, passScore } = exercise
  const judgedBy = [kind, description, options, criteria, gradingCriteria, referenceSolution, answerKey, passScore]
  const answer = 'answer' in handed ? canonical(handed.answer) : { file: handed.fileSha256 }
  return createHash('sha256')
    .update(JSON.stringify([answer, language, judgedBy]))
    .digest('hex')
}

const canonical = (answer: HandedIn) =>
  Array.isArray(answer) ? answer.toSorted() : typeof answer === 'string' ? answer.normalize('NFC') : answer
