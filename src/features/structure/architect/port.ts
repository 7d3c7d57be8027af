import type { Static, TSchema } from 'typebox'
import type { Question } from '#platform/llm/llm.ts'
import type { SlideTime, SourceMaterial } from '../tree.ts'

/** What the architect works from. */
export type Brief = {
  course: { title: string; description: string | null; learningGoal: string | null }
  materials: SourceMaterial[]
  slideTimes: SlideTime[]
}

export type ArchitectAction = 'material_analysis' | 'course_structuring'

/** What one call may hold, in tokens: that of the smallest model that may come to be asked. */
export type Window = { contextWindow: number; maxOutput: number }
export type Windows = Record<ArchitectAction, Window>

/** One question of the architect's, which is bought once and remembered. */
export type Step = {
  /** For people and logs: `read lecture 2/3`. */
  name: string
  action: ArchitectAction
  /** The one material it is made from; null when there are several. */
  materialId: string | null
  /** Everything that the answer depends on, as JSON, but for nonces: equal content is not asked twice. */
  content: unknown
}

export type StepQuestion<S extends TSchema> = Pick<
  Question<S>,
  'promptVersion' | 'system' | 'parts' | 'schema' | 'schemaName' | 'complain' | 'maxOutputTokens'
>

/** Gives the answer that was bought before, or buys it; it is stored before this resolves. */
export type AskStep = <S extends TSchema>(step: Step, question: StepQuestion<S>) => Promise<Static<S>>

/** One call that building will make, in tokens, as far as that can be known before. */
export type ExpectedCall = { action: ArchitectAction; input: number; output: number }
