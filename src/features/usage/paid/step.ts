import type { Static, TSchema } from 'typebox'
import type { Question, Recording, TimedText } from '#platform/llm/llm.ts'

/** One question to a language model, which is bought once and remembered. */
export type Step = {
  /** For people and logs: `read lecture 2/3`. */
  name: string
  /** Of the registry. */
  action: string
  /** The one material it is made from; null when there are several. */
  materialId: string | null
  /** Everything that the answer depends on, as JSON, but for nonces: equal content is not asked twice. */
  content: unknown
}

export type StepQuestion<S extends TSchema> = Pick<
  Question<S>,
  'promptVersion' | 'system' | 'parts' | 'schema' | 'schemaName' | 'complain' | 'maxOutputTokens'
>

/** A piece of sound. What is said in it depends on the step's content, so that names the piece. */
export type StepRecording = Pick<Recording, 'promptVersion' | 'bytes' | 'mediaType' | 'milliseconds'>

/** Gives the answer that was bought before, or buys it; it is stored before this resolves. */
export type AskStep = <S extends TSchema>(step: Step, question: StepQuestion<S>) => Promise<Static<S>>

/** As `AskStep`, for what is said in a recording. */
export type TranscribeStep = (step: Step, recording: StepRecording) => Promise<TimedText[]>
