import { sql } from 'kysely'
import type { TenantTx } from '#platform/db/database.ts'
import type {
  AnswerKey,
  ConceptNode,
  CourseTree,
  Criterion,
  Difficulty,
  ExerciseKind,
  ExerciseNode,
  LessonNode,
  Source,
  WebReference,
} from './tree.ts'

// Tables are read one by one and joined here. PostgreSQL knows nothing yet of rows that were written a moment ago, and joins of them
// took minutes where the course was large.

export type VersionPlace = { courseId: string; version: number }

export type PlacedLesson = { moduleId: string; order: number; lesson: LessonNode }

export type PlacedExercise = { lessonId: string; exercise: ExerciseNode }

/** The tree of one version, everything in its order. */
export async function loadTree(tx: TenantTx, courseId: string, version: number): Promise<CourseTree> {
  const of = { courseId, version }
  const modules = await moduleRows(tx, of)
  const lessons = Map.groupBy(await loadLessons(tx, of), ({ moduleId }) => moduleId)
  return {
    modules: modules.map((row) => ({ ...row, lessons: (lessons.get(row.id) ?? []).map(({ lesson }) => lesson) })),
  }
}

/** Lessons of one version, those of a module in its order; or only those with these ids. */
export async function loadLessons(tx: TenantTx, of: VersionPlace, ids?: string[]): Promise<PlacedLesson[]> {
  const rows = await tx
    .selectFrom('lessons')
    .selectAll()
    .where('course_id', '=', of.courseId)
    .where('version', '=', of.version)
    .$if(ids !== undefined, (query) => query.where('id', '=', anyOf(ids)))
    .orderBy('ord')
    .execute()
  const concepts = Map.groupBy(await conceptRows(tx, of, ids), ({ lessonId }) => lessonId)
  const exercises = Map.groupBy(await loadExercises(tx, of, { lessonIds: ids }), ({ lessonId }) => lessonId)
  return rows.map((row) => ({
    moduleId: row.module_id,
    order: row.ord,
    lesson: {
      id: row.id,
      title: row.title,
      videoMaterialId: row.video_material_id,
      videoStartTimecode: row.video_start_timecode,
      videoEndTimecode: row.video_end_timecode,
      presentationMaterialId: row.presentation_material_id,
      slideRange:
        row.slide_start === null || row.slide_end === null ? null : { start: row.slide_start, end: row.slide_end },
      concepts: (concepts.get(row.id) ?? []).map(({ concept }) => concept),
      exercises: (exercises.get(row.id) ?? []).map(({ exercise }) => exercise),
    },
  }))
}

type ExerciseFilter = { ids?: string[] | undefined; lessonIds?: string[] | undefined }

/** Exercises of one version, those of a lesson in its order; or only some. */
export async function loadExercises(
  tx: TenantTx,
  { courseId, version }: VersionPlace,
  { ids, lessonIds }: ExerciseFilter,
): Promise<PlacedExercise[]> {
  const rows = await tx
    .selectFrom('exercise_versions')
    .selectAll()
    .where('course_id', '=', courseId)
    .where('version', '=', version)
    .$if(ids !== undefined, (query) => query.where('id', '=', anyOf(ids)))
    .$if(lessonIds !== undefined, (query) => query.where('lesson_id', '=', anyOf(lessonIds)))
    .orderBy('ord')
    .execute()
  const externalIds = await externalIdsOf(
    tx,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({
    lessonId: row.lesson_id,
    exercise: {
      id: row.id,
      externalId: externalIds.get(row.id) ?? null,
      kind: row.kind as ExerciseKind,
      description: row.description,
      options: row.options as { id: string; text: string }[],
      referenceSolution: row.reference_solution,
      gradingCriteria: row.grading_criteria,
      criteria: row.criteria as unknown as Criterion[],
      answerKey: row.answer_key as AnswerKey | null,
      passScore: row.pass_score,
      maxAttempts: row.max_attempts,
      difficultyLevel: row.difficulty_level,
    },
  }))
}

/** An exercise has it in every version alike. */
export async function externalIdsOf(tx: TenantTx, ids: string[]): Promise<Map<string, string | null>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.selectFrom('exercises').select(['id', 'external_id']).where('id', '=', anyOf(ids)).execute()
  return new Map(rows.map((row) => [row.id, row.external_id]))
}

/** One parameter, however many ids. */
export const anyOf = (ids: string[] = []) => sql<string>`ANY (${ids}::uuid[])`

async function moduleRows(tx: TenantTx, { courseId, version }: VersionPlace) {
  return tx
    .selectFrom('modules')
    .select([
      'id',
      'title',
      'description',
      'learning_goal as learningGoal',
      'expected_knowledge as expectedKnowledge',
      'expected_skills as expectedSkills',
      sql<Difficulty | null>`difficulty`.as('difficulty'),
    ])
    .where('course_id', '=', courseId)
    .where('version', '=', version)
    .orderBy('ord')
    .execute()
}

async function conceptRows(
  tx: TenantTx,
  { courseId, version }: VersionPlace,
  lessonIds: string[] | undefined,
): Promise<{ lessonId: string; concept: ConceptNode }[]> {
  const rows = await tx
    .selectFrom('concepts')
    .selectAll()
    .where('course_id', '=', courseId)
    .where('version', '=', version)
    .$if(lessonIds !== undefined, (query) => query.where('lesson_id', '=', anyOf(lessonIds)))
    .orderBy('ord')
    .execute()
  return rows.map((row) => ({
    lessonId: row.lesson_id,
    concept: {
      id: row.id,
      title: row.title,
      definition: row.definition,
      examples: row.examples,
      timecodes: row.timecodes,
      slideReferences: row.slide_references,
      webReferences: row.web_references as WebReference[],
      sources: row.sources as unknown as Source[],
    },
  }))
}
