import { fitted } from '../cli/bars.ts'

export type DemoSubmission = {
  id: string
  status: string
  finished_at: string | null
  error: { message: string } | null
  result: {
    score: number
    passed: boolean
    verdict: string
    criteria: { criterion: string; weight: number; required: boolean; met: string; quote: string | null }[]
    feedback: string
    graded_by: { kind: string; model: string | null }
  } | null
}

const WIDTH = 100

/** Who answered what to what. */
export const shown = (student: string, task: string, answer: string): string =>
  [line(`${student} · ${task}`, 2), ...answer.split('\n').map((words) => line(`│ ${words}`, 4))].join('\n')

/** What came of an answer: the score, each criterion with the student's own words, and the feedback. */
export function drawResult({ status, result, error }: DemoSubmission): string {
  if (result === null) return line(`→ ${status}${error === null ? '' : `: ${error.message}`}`, 4)
  const { score, passed, verdict, criteria, feedback, graded_by: by } = result
  const grader = { answer_key: 'the answer key', human: 'a person' }[by.kind] ?? by.model ?? by.kind
  const end = passed ? 'passed' : 'not passed'
  const isOpen = status === 'needs_review'
  const head = isOpen
    ? `→ needs_review: ${score} of 100 until a person has looked, whatever ${grader} says`
    : `→ ${score} of 100, ${verdict.replaceAll('_', ' ')}, ${end}; graded by ${grader}`
  return [
    line(head, 4),
    ...criteria.flatMap((one) => [
      line(`${MARKS[one.met] ?? '?'} ${one.weight}${one.required ? ', required' : ''}: ${one.criterion}`, 6),
      ...(one.quote === null ? [] : [line(`«${one.quote}»`, 10)]),
    ]),
    line(`“${feedback}”`, 6),
  ].join('\n')
}

const MARKS: Record<string, string> = { met: '☑', not_met: '☐', unclear: '?' }

const line = (text: string, indent: number) => ' '.repeat(indent) + fitted(text.replace(/\s+/gu, ' '), WIDTH - indent)
