import type { Static, TSchema } from 'typebox'
import type { Criterion, LessonNode } from '#features/structure/index.ts'
import type { Message } from '#platform/llm/fence.ts'
import { scriptsOf, scriptsOfLanguage } from '../grading/script.ts'
import type { JudgedExercise } from '../grading/verdict.ts'
import { type Control, withControl } from './control.ts'
import { CheckReply, CriteriaReply, FeedbackReply } from './reply-schemas.ts'
import type { Texts } from './texts.ts'

/** A question before it is sent. `prompt` is the file's name; `message` has no nonce yet, so equal questions are equal. */
export type Question<S extends TSchema> = {
  prompt: 'check' | 'criteria' | 'feedback'
  schema: S
  schemaName: string
  message: Message
  maxOutputTokens: number
  complain?: (output: Static<S>) => string | undefined
  /** How it is asked, where something in it is drawn at that moment. An answer that was bought before has what was drawn then. */
  draw?: () => Drawn<S>
}

type Drawn<S extends TSchema> = Pick<Question<S>, 'message' | 'complain'> & { controls: Control[]; scripts: string[] }

type Task = Pick<JudgedExercise, 'description' | 'referenceSolution' | 'gradingCriteria'>
type Lesson = Pick<LessonNode, 'title' | 'concepts'>

/**
 * Whether the answer fulfils each criterion. The answer comes last, and nothing says whose it is. When it is asked, one criterion more is among
 * the others, which no answer fulfils.
 *
 *     Fence: CODE
 *     Check. Criteria: 3. Feedback language: uk.
 *
 *     <<<CODE task … lesson … solution … criteria … answer
 */
export function checkQuestion(about: Checked): Question<typeof CheckReply> {
  const { exercise, answer } = about
  const { criteria } = exercise
  return {
    prompt: 'check',
    schema: CheckReply,
    schemaName: 'homework_check',
    message: checkMessage(about, criteria),
    maxOutputTokens: 10_000 + 400 * (criteria.length + 1),
    draw() {
      const { criteria: asked, control } = withControl(criteria, [exercise.description, answer])
      return {
        ...{ message: checkMessage(about, asked), controls: [control], complain: complaintAbout(asked) },
        scripts: scriptsAround(about),
      }
    },
  }
}

/** What the student was given and asked for, and what the course says beside it. */
function scriptsAround(about: Checked): string[] {
  const data = checkMessage(about, about.exercise.criteria).data.filter(({ label }) => label !== 'answer')
  const texts = [...data.map(({ text }) => text), about.exercise.gradingCriteria ?? '']
  return [...new Set([...scriptsOf(texts.join('\n')), ...scriptsOfLanguage(about.language)])]
}

type Checked = {
  exercise: Task & { criteria: readonly Criterion[] }
  lesson: Lesson | undefined
  answer: string
  language: string | null
}

type AskedCriteria = readonly Pick<Criterion, 'id' | 'text'>[]

const checkMessage = ({ exercise, lesson, answer, language }: Checked, criteria: AskedCriteria): Message => ({
  head: [`Check. Criteria: ${criteria.length}. Feedback language: ${language ?? 'that of the answer'}.`],
  data: [
    { label: 'task', text: exercise.description },
    ...(lesson ? [{ label: 'lesson', text: lessonText(lesson) }] : []),
    ...given('solution', exercise.referenceSolution),
    { label: 'criteria', text: criteria.map(({ id, text }) => `[${id}] ${oneLine(text, 2_000)}`).join('\n') },
    { label: 'answer', text: answer },
  ],
})

function complaintAbout(criteria: AskedCriteria) {
  return ({ is_attempt: isAttempt, judgements }: CheckReply) => {
    const judged = new Set(judgements.map(({ id }) => id))
    const forgotten = [...new Set(criteria.map(({ id }) => id))].filter((id) => !judged.has(id))
    return isAttempt && forgotten.length > 0
      ? `It judges not every criterion: ${forgotten.slice(0, 5).join(', ')}.`
      : undefined
  }
}

/** What an exercise's own words ask of an answer, as criteria. `complain` may refuse some. */
export function criteriaQuestion(
  { description, gradingCriteria, referenceSolution }: Task,
  complain: (reply: CriteriaReply) => string | undefined,
): Question<typeof CriteriaReply> {
  return {
    prompt: 'criteria',
    schema: CriteriaReply,
    schemaName: 'grading_criteria',
    message: {
      head: [`Criteria of an exercise, from its ${gradingCriteria === null ? 'solution' : 'grading'}.`],
      data: [
        { label: 'task', text: description },
        ...(gradingCriteria === null ? given('solution', referenceSolution) : given('grading', gradingCriteria)),
      ],
    },
    maxOutputTokens: 10_000,
    complain,
  }
}

/** The same feedback without what gives the solution away. */
export function feedbackQuestion(about: {
  exercise: Task & { criteria: readonly Criterion[] }
  texts: Texts
  leaked: readonly string[]
  language: string | null
}): Question<typeof FeedbackReply> {
  const { exercise, texts, leaked, language } = about
  const { feedback, strengths, recommendations, comments } = texts
  return {
    prompt: 'feedback',
    schema: FeedbackReply,
    schemaName: 'homework_feedback',
    message: {
      head: [`Feedback. Language: ${language ?? 'that of the draft'}.`],
      data: [
        { label: 'task', text: exercise.description },
        ...given('solution', exercise.referenceSolution),
        { label: 'passages', text: leaked.map((passage) => `- ${oneLine(passage, 500)}`).join('\n') },
        {
          label: 'draft',
          text: JSON.stringify(
            { feedback, strengths, recommendations, comments: Object.fromEntries(comments) },
            null,
            1,
          ),
        },
      ],
    },
    maxOutputTokens: 10_000 + 200 * comments.size,
  }
}

const given = (label: string, text: string | null) => (text === null ? [] : [{ label, text }])

const MOST_CONCEPTS = 60

function lessonText({ title, concepts }: Lesson): string {
  const lines = concepts.slice(0, MOST_CONCEPTS).map((concept) => {
    const definition = oneLine(concept.definition, 400)
    return `- ${oneLine(concept.title, 200)}${definition === '' ? '' : `: ${definition}`}`
  })
  return [`title: ${oneLine(title, 200)}`, ...lines].join('\n')
}

const oneLine = (text: string, most: number) => text.replace(/\s+/gu, ' ').trim().slice(0, most).toWellFormed()
