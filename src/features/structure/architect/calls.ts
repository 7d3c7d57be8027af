import type { Static, TSchema } from 'typebox'
import type { AskStep } from '#features/usage/index.ts'
import { fence, type Message } from '#platform/llm/fence.ts'
import type { Prompt } from '#platform/llm/prompts.ts'
import { estimateTokens } from '#platform/llm/tokens.ts'
import { outputLimit, TYPICAL } from './limits.ts'
import type { ArchitectAction, Window } from './port.ts'
import { ExercisesAnswer, PlanAnswer, ReadAnswer } from './schemas.ts'

type Kind<S extends TSchema> = {
  prompt: string
  action: ArchitectAction
  schema: S
  schemaName: string
  /** Tokens of an answer about so much: tokens of a material, concepts to plan, lessons. */
  outputOf(size: number): number
}

const read: Kind<typeof ReadAnswer> = {
  prompt: 'read-material',
  action: 'material_analysis',
  schema: ReadAnswer,
  schemaName: 'material_concepts',
  outputOf: (tokens) => 100 + Math.ceil((tokens / TYPICAL.textOfConcept) * TYPICAL.conceptWritten),
}

const plan: Kind<typeof PlanAnswer> = {
  prompt: 'plan-course',
  action: 'course_structuring',
  schema: PlanAnswer,
  schemaName: 'course_plan',
  outputOf: (concepts) => 500 + concepts * TYPICAL.plannedConcept,
}

const write: Kind<typeof ExercisesAnswer> = {
  prompt: 'write-exercises',
  action: 'course_structuring',
  schema: ExercisesAnswer,
  schemaName: 'lesson_exercises',
  outputOf: (lessons) => lessons * TYPICAL.exercisesOfLesson,
}

/** What is asked in one call; `size` as its kind counts. */
export type About = { name: string; materialId: string | null; message: Message; size: number }

export type Call<S extends TSchema> = Pick<Kind<S>, 'outputOf'> & {
  /** Tokens of everything that is sent with so many tokens of a message. */
  inputOf(tokens: number): number
  ask(about: About, context: { ask: AskStep; window: Window }): Promise<Static<S>>
}

export type Calls = ReturnType<typeof createCalls>

/** The three kinds of questions. Throws an Error when a prompt is missing. */
export function createCalls(prompts: ReadonlyMap<string, Prompt>) {
  const kinds = [read, plan, write]
  return {
    read: createCall(read, promptOf(read, prompts)),
    plan: createCall(plan, promptOf(plan, prompts)),
    write: createCall(write, promptOf(write, prompts)),
    /** What all answers depend on besides what is asked about. */
    asked: kinds.map((kind) => ({ system: promptOf(kind, prompts).text, schema: kind.schema as TSchema })),
  }
}

function promptOf({ prompt }: { prompt: string }, prompts: ReadonlyMap<string, Prompt>): Prompt {
  const found = prompts.get(prompt)
  if (found === undefined) throw new Error(`There is no prompt ${prompt}.`)
  return found
}

function createCall<S extends TSchema>(kind: Kind<S>, { version, text: system }: Prompt): Call<S> {
  const { action, schema, schemaName, outputOf } = kind
  const always = estimateTokens(system) + estimateTokens(JSON.stringify(schema)) + AROUND
  return {
    outputOf,
    inputOf: (tokens) => always + tokens,
    ask({ name, materialId, message, size }, { ask, window }) {
      const text = fence(message)
      const tokens = { input: always + estimateTokens(text), output: outputOf(size) }
      return ask(
        // Without the fence's code, so that the same question has the same content.
        { name, action, materialId, content: message },
        {
          promptVersion: version,
          system,
          parts: [{ type: 'text', text }],
          schema,
          schemaName,
          maxOutputTokens: outputLimit(window, tokens),
        },
      )
    },
  }
}

/** A fence's lines, and what a provider's own format adds. */
const AROUND = 100
