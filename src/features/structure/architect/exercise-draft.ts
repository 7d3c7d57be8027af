import { clip } from '../outline/bounds.ts'
import type { AnswerKey, ExerciseDraft, ExerciseKind } from '../tree.ts'
import type { Cleaner } from './clean.ts'
import type { ExerciseAnswer } from './schemas.ts'

/**
 * An exercise of an answer as the contract has it, or null when it says nothing, has nothing to be judged by or repeats our prompts. What does
 * not hold together (a choice without a right option, a number without a value) becomes an open question.
 */
export function exerciseDraft(answer: ExerciseAnswer, cleaner: Cleaner): ExerciseDraft | null {
  const { options, accepted, criteria, reference_solution: solution, grading_criteria: grading } = answer
  const texts = [answer.description, solution, grading, ...accepted]
  if (cleaner.leaks(...texts, ...options.map(({ text }) => text), ...criteria.map(({ text }) => text))) return null
  const description = cleaner.prose(answer.description, 10_000)
  if (description === null) return null

  const keyed = keyOf(answer, cleaner)
  const judged = criteria
    .flatMap(({ text, weight, required }) => {
      const own = cleaner.prose(text, 2_000)
      return own === null ? [] : [{ text: own, weight: weight as 1 | 2 | 3, required }]
    })
    .map((criterion, at) => ({ id: `c${at + 1}`, ...criterion }))
  const gradingCriteria = cleaner.prose(grading, 10_000) ?? (judged.map(({ text }) => text).join('\n') || null)
  const referenceSolution = cleaner.prose(solution, 20_000) ?? keyed.solution
  if (referenceSolution === null || gradingCriteria === null) return null
  return {
    externalId: null,
    kind: keyed.kind,
    description: keyed.kind === 'open' ? withOptions(description, keyed.texts) : description,
    options: keyed.kind === 'open' ? [] : keyed.texts.map((text, at) => ({ id: optionId(at), text })),
    referenceSolution,
    gradingCriteria,
    criteria:
      judged.length > 0 ? judged : [{ id: 'c1', text: clip(gradingCriteria, 2_000), weight: 1, required: true }],
    answerKey: keyed.key,
    passScore: 60,
    maxAttempts: 20,
    difficultyLevel: answer.difficulty_level,
  }
}

type Keyed = {
  kind: ExerciseKind
  key: AnswerKey | null
  /** Of the options. */
  texts: string[]
  /** What the key says, in words. */
  solution: string | null
}

function keyOf({ kind, options, number, accepted }: ExerciseAnswer, cleaner: Cleaner): Keyed {
  const open: Keyed = { kind: 'open', key: null, texts: [], solution: null }
  if (kind === 'number') {
    if (number === null || !(number.tolerance >= 0)) return open
    return { ...open, kind, key: { value: number.value, tolerance: number.tolerance }, solution: String(number.value) }
  }
  if (kind === 'short_text') {
    const key = cleaner.statements(accepted, 50)
    return key.length > 0 ? { ...open, kind, key, solution: key[0] ?? null } : open
  }
  if (kind === 'open') return open

  const right = new Map<string, boolean>()
  for (const { text, correct } of options) {
    const own = cleaner.prose(text, 5_000)?.trim()
    if (own !== undefined) right.set(own, correct || right.get(own) === true)
  }
  const texts = [...right.keys()]
  const correct = texts.filter((text) => right.get(text))
  if (texts.length < 2 || correct.length === 0) return { ...open, texts, solution: correct[0] ?? null }
  return {
    kind: correct.length > 1 ? 'multiple_choice' : kind,
    key: texts.flatMap((text, at) => (right.get(text) ? [optionId(at)] : [])),
    texts,
    solution: correct.join('\n'),
  }
}

const optionId = (at: number) => `o${at + 1}`

/** The question may speak of them. */
function withOptions(description: string, texts: string[]): string {
  return [description, ...texts.map((text) => `- ${clip(text, 400)}`)].join('\n')
}
