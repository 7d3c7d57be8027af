import { type Static, Type } from 'typebox'
import { ExternalId, Id, Input, Nullable, OneOf, Text, Timecode } from '#platform/http/index.ts'
import type { AuthorsCourse } from './author.ts'
import type { ExerciseLike, LessonLike, ModuleLike } from './places.ts'
import type { ExerciseDraft } from './tree.ts'

// What an author sends: the shape in which the course is shown, so that what was read can be changed and put back. Ids may be left
// out for what is new; read-only fields may stand there and are ignored.

const ReadOnly = Type.Optional(Type.Unknown({ description: 'Read-only: ignored.' }))

const Strings = Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), { maxItems: 100 })

const Prose = (maxLength: number) => Type.String({ maxLength })

const Url = Type.String({ minLength: 1, maxLength: 2_048, pattern: '^https?://' })

const Positive = Type.Integer({ minimum: 1, maximum: 1_000_000 })

const LocatorInput = Type.Union([
  Input({ page: Positive }),
  Input({ slide: Positive }),
  Input({ start: Type.Number({ minimum: 0 }), end: Type.Number({ minimum: 0 }) }),
  Input({
    heading: Type.Array(Type.String({ maxLength: 1_000 }), { maxItems: 10 }),
    paragraph: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  }),
  Input({ url: Url }),
])

const ConceptInput = Input(
  {
    id: Type.Optional(Id),
    title: Text(500),
    definition: Prose(10_000),
    examples: Type.Optional(Type.Array(Prose(10_000), { maxItems: 100 })),
    timecodes: Type.Optional(Type.Array(Timecode, { maxItems: 1_000 })),
    slide_references: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 10_000 }), { maxItems: 1_000 })),
    web_references: Type.Optional(
      Type.Array(Input({ url: Url, title: Prose(500), description: Prose(2_000) }), { maxItems: 100 }),
    ),
    sources: Type.Optional(Type.Array(Input({ material_id: Id, locator: LocatorInput }), { maxItems: 1_000 })),
  },
  { title: 'ConceptInput' },
)

const ShortId = Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' })

const EXERCISE_INPUT = {
  external_id: Type.Optional(Nullable(ExternalId)),
  kind: OneOf('open', 'choice', 'multiple_choice', 'number', 'short_text'),
  description: Text(20_000),
  options: Type.Optional(Type.Array(Input({ id: ShortId, text: Text(5_000) }), { maxItems: 100 })),
  reference_solution: Type.Optional(Nullable(Prose(50_000))),
  grading_criteria: Type.Optional(Nullable(Prose(20_000))),
  criteria: Type.Optional(
    Type.Array(
      Input({
        id: Type.Optional(ShortId),
        text: Text(2_000),
        weight: Type.Optional(Type.Integer({ minimum: 1, maximum: 3 })),
        required: Type.Optional(Type.Boolean()),
      }),
      { maxItems: 50 },
    ),
  ),
  answer_key: Type.Optional(
    Nullable(
      Type.Union([
        Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), { maxItems: 100 }),
        Input({ value: Type.Number(), tolerance: Type.Number({ minimum: 0 }) }),
      ]),
    ),
  ),
  pass_score: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  max_attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  difficulty_level: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 5 }))),
}

const ExerciseInput = Input(
  { id: Type.Optional(Id), ...EXERCISE_INPUT, gradable: ReadOnly, not_gradable: ReadOnly },
  { title: 'ExerciseInput' },
)

const LessonInput = Input(
  {
    id: Type.Optional(Id),
    title: Text(500),
    order: ReadOnly,
    video_material_id: Type.Optional(Nullable(Id)),
    video_start_timecode: Type.Optional(Nullable(Timecode)),
    video_end_timecode: Type.Optional(Nullable(Timecode)),
    presentation_material_id: Type.Optional(Nullable(Id)),
    slide_range: Type.Optional(
      Nullable(
        Input({
          start: Type.Integer({ minimum: 1, maximum: 10_000 }),
          end: Type.Integer({ minimum: 1, maximum: 10_000 }),
        }),
      ),
    ),
    concepts: Type.Optional(Type.Array(ConceptInput, { maxItems: 1_000 })),
    exercises: Type.Optional(Type.Array(ExerciseInput, { maxItems: 200 })),
  },
  { title: 'LessonInput' },
)

const ModuleInput = Input(
  {
    id: Type.Optional(Id),
    title: Text(500),
    description: Type.Optional(Nullable(Prose(10_000))),
    learning_goal: Type.Optional(Nullable(Prose(10_000))),
    expected_knowledge: Type.Optional(Strings),
    expected_skills: Type.Optional(Strings),
    difficulty: Type.Optional(Nullable(OneOf('easy', 'medium', 'hard'))),
    order: ReadOnly,
    lessons: Type.Array(LessonInput, { minItems: 1, maxItems: 500 }),
  },
  { title: 'ModuleInput' },
)

export const CourseInput = Input(
  {
    modules: Type.Array(ModuleInput, { maxItems: 500 }),
    expected_knowledge: Type.Optional(Strings),
    expected_skills: Type.Optional(Strings),
    id: ReadOnly,
    external_id: ReadOnly,
    title: ReadOnly,
    description: ReadOnly,
    learning_goal: ReadOnly,
    created_at: ReadOnly,
    updated_at: ReadOnly,
    source_materials: ReadOnly,
    slide_mappings: ReadOnly,
    structure: ReadOnly,
  },
  { title: 'CourseInput', examples: [{ modules: [{ title: 'Основи', lessons: [{ title: 'Змінні' }] }] }] },
)

/** Every field of an exercise may be changed alone. */
export const ExerciseChanges = Type.Partial(Input(EXERCISE_INPUT), {
  additionalProperties: false,
  minProperties: 1,
  title: 'ExerciseChanges',
  examples: [{ pass_score: 80 }],
})

export function courseFrom(body: Static<typeof CourseInput>): AuthorsCourse {
  const { modules, expected_knowledge: expectedKnowledge = [], expected_skills: expectedSkills = [] } = body
  return { modules: modules.map(moduleFrom), expectedKnowledge, expectedSkills }
}

function moduleFrom(module: Static<typeof ModuleInput>): ModuleLike {
  return {
    id: idFrom(module.id),
    title: module.title,
    description: module.description ?? null,
    learningGoal: module.learning_goal ?? null,
    expectedKnowledge: module.expected_knowledge ?? [],
    expectedSkills: module.expected_skills ?? [],
    difficulty: module.difficulty ?? null,
    lessons: module.lessons.map(lessonFrom),
  }
}

function lessonFrom(lesson: Static<typeof LessonInput>): LessonLike {
  return {
    id: idFrom(lesson.id),
    title: lesson.title,
    videoMaterialId: idFrom(lesson.video_material_id) ?? null,
    videoStartTimecode: lesson.video_start_timecode ?? null,
    videoEndTimecode: lesson.video_end_timecode ?? null,
    presentationMaterialId: idFrom(lesson.presentation_material_id) ?? null,
    slideRange: lesson.slide_range ?? null,
    concepts: (lesson.concepts ?? []).map((concept) => ({
      id: idFrom(concept.id),
      title: concept.title,
      definition: concept.definition,
      examples: concept.examples ?? [],
      timecodes: concept.timecodes ?? [],
      slideReferences: concept.slide_references ?? [],
      webReferences: concept.web_references ?? [],
      sources: (concept.sources ?? []).map(({ material_id: id, locator }) => ({
        materialId: id.toLowerCase(),
        locator,
      })),
    })),
    exercises: (lesson.exercises ?? []).map(exerciseFrom),
  }
}

function exerciseFrom(exercise: Static<typeof ExerciseInput>): ExerciseLike {
  const empty: ExerciseDraft = {
    externalId: null,
    kind: exercise.kind,
    description: exercise.description,
    options: [],
    referenceSolution: null,
    gradingCriteria: null,
    criteria: [],
    answerKey: null,
    passScore: 60,
    maxAttempts: 20,
    difficultyLevel: null,
  }
  return { ...empty, ...changesFrom(exercise), id: idFrom(exercise.id) }
}

/** As the database writes it: one id is one text. */
const idFrom = (id: string | null | undefined) => id?.toLowerCase()

/** Only the fields that were given. */
export function changesFrom(body: Static<typeof ExerciseChanges>): Partial<ExerciseDraft> {
  const given: { [Field in keyof ExerciseDraft]: ExerciseDraft[Field] | undefined } = {
    externalId: body.external_id,
    kind: body.kind,
    description: body.description,
    options: body.options,
    referenceSolution: body.reference_solution,
    gradingCriteria: body.grading_criteria,
    criteria: body.criteria && criteriaFrom(body.criteria),
    answerKey: body.answer_key,
    passScore: body.pass_score,
    maxAttempts: body.max_attempts,
    difficultyLevel: body.difficulty_level,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

type CriterionInput = { id?: string; text: string; weight?: number; required?: boolean }

/** A criterion without an id gets one that none of the others has. */
function criteriaFrom(given: CriterionInput[]): ExerciseDraft['criteria'] {
  const numbers = given.map(({ id }) => Number(/^c(\d{1,9})$/.exec(id ?? '')?.[1] ?? 0))
  let last = Math.max(0, ...numbers)
  return given.map(({ id, text, weight = 1, required = false }) => {
    if (id === undefined) last += 1
    return { id: id ?? `c${last}`, text, weight: weight as 1 | 2 | 3, required }
  })
}
