import { type Static, Type } from 'typebox'
import { Nullable, OneOf, Input as Strict } from '#platform/http/index.ts'

// What the model may answer. Every field is required and nothing else is allowed, as the strictest provider wants it. The limits are the
// contract's own, or smaller; what is within them is checked again where it means something (see citations.ts, exercises.ts, clean.ts).

const Text = (maxLength: number) => Type.String({ maxLength })

const Statements = Type.Array(Text(1_000), { maxItems: 30 })

/** Of one part of a material. */
export const ReadAnswer = Strict({
  language: Type.String({ maxLength: 35, description: 'BCP 47 tag, such as uk' }),
  title: Text(500),
  concepts: Type.Array(
    Strict({
      title: Text(500),
      definition: Text(10_000),
      examples: Type.Array(Text(10_000), { maxItems: 30 }),
      chunks: Type.Array(Type.Integer({ minimum: 0, maximum: 10_000_000 }), {
        maxItems: 500,
        description: 'Numbers of the pieces that teach it, the most telling first',
      }),
    }),
    { maxItems: 400 },
  ),
})

/** Of the course. */
export const PlanAnswer = Strict({
  expected_knowledge: Statements,
  expected_skills: Statements,
  modules: Type.Array(
    Strict({
      title: Text(500),
      description: Text(10_000),
      learning_goal: Text(10_000),
      expected_knowledge: Statements,
      expected_skills: Statements,
      difficulty: OneOf('easy', 'medium', 'hard'),
      lessons: Type.Array(
        Strict({
          title: Text(500),
          concepts: Type.Array(
            Strict({
              ids: Type.Array(Text(20), {
                maxItems: 50,
                description: 'One id, or those of the same concept from different places, the best worded first',
              }),
            }),
            { maxItems: 200 },
          ),
        }),
        { maxItems: 100 },
      ),
    }),
    { minItems: 1, maxItems: 60 },
  ),
})

const Exercise = Strict({
  kind: OneOf('open', 'choice', 'multiple_choice', 'number', 'short_text'),
  description: Text(20_000),
  options: Type.Array(Strict({ text: Text(5_000), correct: Type.Boolean() }), { maxItems: 20 }),
  number: Nullable(Strict({ value: Type.Number(), tolerance: Type.Number() })),
  accepted: Type.Array(Text(1_000), { maxItems: 50 }),
  reference_solution: Text(50_000),
  grading_criteria: Text(20_000),
  criteria: Type.Array(
    Strict({ text: Text(2_000), weight: Type.Integer({ minimum: 1, maximum: 3 }), required: Type.Boolean() }),
    { maxItems: 20 },
  ),
  difficulty_level: Type.Integer({ minimum: 1, maximum: 5 }),
})

/** Of some lessons of a module. */
export const ExercisesAnswer = Strict({
  lessons: Type.Array(Strict({ lesson: Text(20), exercises: Type.Array(Exercise, { maxItems: 10 }) }), {
    maxItems: 100,
  }),
})

export type ReadAnswer = Static<typeof ReadAnswer>
export type PlanAnswer = Static<typeof PlanAnswer>
export type ExercisesAnswer = Static<typeof ExercisesAnswer>
export type ExerciseAnswer = ExercisesAnswer['lessons'][number]['exercises'][number]
