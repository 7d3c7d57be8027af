import { type TSchema, Type } from 'typebox'
import { COURSE_FIELDS, SlideMappingBody } from '#features/courses/index.ts'
import { LocatorBody, MaterialBody } from '#features/materials/index.ts'
import { Id, Nullable, OneOf, PageOf, Timestamp } from '#platform/http/index.ts'

// What goes out. What comes in from an author is in input-schemas.ts.

const Strings = Type.Array(Type.String())

const ConceptBody = Type.Object(
  {
    id: Id,
    title: Type.String(),
    definition: Type.String(),
    examples: Strings,
    timecodes: Type.Array(Type.String({ examples: ['12:30'] }), {
      description:
        "`[H:]MM:SS` in the lesson's video: first where the concept is told, then where else it is spoken of.",
    }),
    slide_references: Type.Array(Type.Integer(), {
      description: "Slides of the lesson's presentation: its own, and those shown while it is told.",
    }),
    web_references: Type.Array(Type.Object({ url: Type.String(), title: Type.String(), description: Type.String() })),
    sources: Type.Array(Type.Object({ material_id: Id, locator: LocatorBody })),
  },
  { title: 'Concept' },
)

const ExerciseKindName = OneOf('open', 'choice', 'multiple_choice', 'number', 'short_text')

const CriterionBody = Type.Object({
  id: Type.String(),
  text: Type.String(),
  weight: Type.Integer(),
  required: Type.Boolean(),
})

const AnswerKeyBody = Type.Union([
  Type.Array(Type.String()),
  Type.Object({ value: Type.Number(), tolerance: Type.Number() }, { additionalProperties: false }),
  Type.Null(),
])

const EXERCISE_FIELDS = {
  id: Id,
  external_id: Nullable(Type.String()),
  kind: ExerciseKindName,
  description: Type.String(),
  options: Type.Array(Type.Object({ id: Type.String(), text: Type.String() })),
  pass_score: Type.Integer(),
  max_attempts: Type.Integer(),
  difficulty_level: Nullable(Type.Integer()),
  gradable: Type.Boolean({ description: 'Whether answers can be judged, as things are now.' }),
  not_gradable: Nullable(
    Type.Object(
      { code: OneOf('exercise.not_gradable', 'llm.not_configured'), message: Type.String() },
      { description: 'Why not: handing in is refused with this code.' },
    ),
  ),
}

/** What tells the answer: shown to `prep` only. */
const SOLUTION_FIELDS = {
  reference_solution: Nullable(Type.String()),
  grading_criteria: Nullable(Type.String()),
  criteria: Type.Array(CriterionBody),
  answer_key: AnswerKeyBody,
}

const optional = <T extends Record<string, TSchema>>(fields: T) => Type.Partial(Type.Object(fields)).properties

export const ExerciseBody = Type.Object({ ...EXERCISE_FIELDS, ...SOLUTION_FIELDS }, { title: 'Exercise' })

const EXERCISES = "A language model's or the author's own; the `outline` engine makes none."

const LessonOrder = Type.Integer({ description: 'The place within its module, from 1.' })

const TIMECODE = { description: '`MM:SS`, from the first hour on `H:MM:SS`.', examples: ['12:30'] }

const LESSON_FIELDS = {
  id: Id,
  title: Type.String(),
  order: LessonOrder,
  video_material_id: Nullable(Id),
  video_start_timecode: Nullable(Type.String(TIMECODE)),
  video_end_timecode: Nullable(Type.String(TIMECODE)),
  presentation_material_id: Nullable(Id),
  slide_range: Nullable(Type.Object({ start: Type.Integer(), end: Type.Integer() })),
  concepts: Type.Array(ConceptBody),
}

const LessonInCourse = Type.Object(
  { ...LESSON_FIELDS, exercises: Type.Array(ExerciseBody, { description: EXERCISES }) },
  { title: 'Lesson' },
)

/** As a key sees it: without `prep` the solution fields are not there. */
export const LessonBody = Type.Object(
  {
    ...LESSON_FIELDS,
    module_id: Id,
    exercises: Type.Array(
      Type.Object({ ...EXERCISE_FIELDS, ...optional(SOLUTION_FIELDS) }, { title: 'LessonExercise' }),
    ),
  },
  { title: 'LessonDetail' },
)

const ModuleBody = Type.Object(
  {
    id: Id,
    title: Type.String(),
    description: Nullable(Type.String()),
    learning_goal: Nullable(Type.String()),
    expected_knowledge: Strings,
    expected_skills: Strings,
    difficulty: Nullable(OneOf('easy', 'medium', 'hard')),
    order: Type.Integer({ description: 'The place in the course, from 1.' }),
    lessons: Type.Array(LessonInCourse),
  },
  { title: 'Module' },
)

export const CourseDetailBody = Type.Object(
  {
    ...COURSE_FIELDS,
    expected_knowledge: Strings,
    expected_skills: Strings,
    modules: Type.Array(ModuleBody),
    source_materials: Type.Array(MaterialBody),
    slide_mappings: Type.Array(SlideMappingBody),
    structure: Nullable(
      Type.Object({
        version: Type.Integer(),
        generated_by: OneOf('outline', 'llm', 'author'),
        generated_at: Timestamp,
        material_ids: Type.Array(Id),
        stale: Type.Boolean({ description: 'The materials that are done are not those it was made from.' }),
      }),
    ),
  },
  { title: 'CourseDetail' },
)

export const LessonPage = PageOf(
  Type.Object(
    {
      id: Id,
      module_id: Id,
      title: Type.String(),
      order: LessonOrder,
      exercises: Type.Array(Type.Object({ id: Id, kind: ExerciseKindName, external_id: Nullable(Type.String()) })),
    },
    { title: 'LessonSummary' },
  ),
  'LessonPage',
)

export const PlacedExerciseBody = Type.Object(
  { ...EXERCISE_FIELDS, ...SOLUTION_FIELDS, lesson_id: Id },
  { title: 'PlacedExercise' },
)

export const ExercisePage = PageOf(PlacedExerciseBody, 'ExercisePage')
