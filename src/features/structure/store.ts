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
  ModuleNode,
  Source,
  WebReference,
} from './tree.ts'

export type Author = 'outline' | 'llm' | 'author'

/** What is true of one version of a course's structure. */
export type Version = {
  version: number
  generatedBy: Author
  generatedAt: Date
  materialIds: string[]
  expectedKnowledge: string[]
  expectedSkills: string[]
}

export type CoursePlace = { tenantId: string; courseId: string }

export async function findVersion(tx: TenantTx, courseId: string, version: number): Promise<Version | undefined> {
  return tx
    .selectFrom('structures')
    .select([
      'version',
      sql<Author>`generated_by`.as('generatedBy'),
      'generated_at as generatedAt',
      'material_ids as materialIds',
      'expected_knowledge as expectedKnowledge',
      'expected_skills as expectedSkills',
    ])
    .where('course_id', '=', courseId)
    .where('version', '=', version)
    .executeTakeFirst()
}

/** The next free number: versions are never reused. Needs the course locked. */
export async function nextVersion(tx: TenantTx, courseId: string): Promise<number> {
  const { next } = await tx
    .selectFrom('structures')
    .select(sql<number>`coalesce(max(version), 0) + 1`.as('next'))
    .where('course_id', '=', courseId)
    .executeTakeFirstOrThrow()
  return next
}

export async function showVersion(tx: TenantTx, courseId: string, version: number): Promise<void> {
  await tx
    .updateTable('courses')
    .set({ current_version: version, updated_at: sql<Date>`now()` })
    .where('id', '=', courseId)
    .execute()
}

/** The tree of one version, everything in its order. */
export async function loadTree(tx: TenantTx, courseId: string, version: number): Promise<CourseTree> {
  const of = { courseId, version }
  const [modules, lessons] = [await moduleRows(tx, of), await loadLessons(tx, of)]
  const byModule = Map.groupBy(lessons, ({ moduleId }) => moduleId)
  return {
    modules: modules.map(
      (row): ModuleNode => ({ ...row, lessons: (byModule.get(row.id) ?? []).map(({ lesson }) => lesson) }),
    ),
  }
}

export type PlacedLesson = { moduleId: string; moduleOrder: number; order: number; lesson: LessonNode }

/** Lessons of one version in the order of the course, or one of them. */
export async function loadLessons(
  tx: TenantTx,
  { courseId, version, id }: { courseId: string; version: number; id?: string },
): Promise<PlacedLesson[]> {
  const rows = await tx
    .selectFrom('lessons as l')
    .innerJoin('modules as m', (join) =>
      join
        .onRef('m.course_id', '=', 'l.course_id')
        .onRef('m.version', '=', 'l.version')
        .onRef('m.id', '=', 'l.module_id'),
    )
    .select([
      'l.id',
      'l.module_id as moduleId',
      'm.ord as moduleOrder',
      'l.ord as order',
      'l.title',
      'l.video_material_id as videoMaterialId',
      'l.video_start_timecode as videoStartTimecode',
      'l.video_end_timecode as videoEndTimecode',
      'l.presentation_material_id as presentationMaterialId',
      'l.slide_start as slideStart',
      'l.slide_end as slideEnd',
    ])
    .where('l.course_id', '=', courseId)
    .where('l.version', '=', version)
    .$if(id !== undefined, (query) => query.where('l.id', '=', id ?? ''))
    .orderBy('m.ord')
    .orderBy('l.ord')
    .execute()
  const of = { courseId, version, ...(id === undefined ? {} : { lessonId: id }) }
  const concepts = Map.groupBy(await conceptRows(tx, of), ({ lessonId }) => lessonId)
  const exercises = Map.groupBy(await loadExercises(tx, of), ({ lessonId }) => lessonId)
  return rows.map(({ moduleId, moduleOrder, order, slideStart, slideEnd, ...lesson }) => ({
    moduleId,
    moduleOrder,
    order,
    lesson: {
      ...lesson,
      slideRange: slideStart === null || slideEnd === null ? null : { start: slideStart, end: slideEnd },
      concepts: (concepts.get(lesson.id) ?? []).map(({ concept }) => concept),
      exercises: (exercises.get(lesson.id) ?? []).map(({ exercise }) => exercise),
    },
  }))
}

/** The newest version that has the lesson. */
export async function newestVersionOfLesson(tx: TenantTx, courseId: string, id: string): Promise<number | undefined> {
  const row = await tx
    .selectFrom('lessons')
    .select('version')
    .where('course_id', '=', courseId)
    .where('id', '=', id)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.version
}

export type PlacedExercise = { lessonId: string; exercise: ExerciseNode }

/** Exercises of one version in the order of the course, of all lessons or of one. */
export async function loadExercises(
  tx: TenantTx,
  { courseId, version, lessonId }: { courseId: string; version: number; lessonId?: string },
): Promise<PlacedExercise[]> {
  const rows = await tx
    .selectFrom('exercise_versions as v')
    .innerJoin('exercises as e', 'e.id', 'v.id')
    .innerJoin('lessons as l', (join) =>
      join
        .onRef('l.course_id', '=', 'v.course_id')
        .onRef('l.version', '=', 'v.version')
        .onRef('l.id', '=', 'v.lesson_id'),
    )
    .innerJoin('modules as m', (join) =>
      join
        .onRef('m.course_id', '=', 'l.course_id')
        .onRef('m.version', '=', 'l.version')
        .onRef('m.id', '=', 'l.module_id'),
    )
    .selectAll('v')
    .select('e.external_id')
    .where('v.course_id', '=', courseId)
    .where('v.version', '=', version)
    .$if(lessonId !== undefined, (query) => query.where('v.lesson_id', '=', lessonId ?? ''))
    .orderBy('m.ord')
    .orderBy('l.ord')
    .orderBy('v.ord')
    .execute()
  return rows.map((row) => ({
    lessonId: row.lesson_id,
    exercise: {
      id: row.id,
      externalId: row.external_id,
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

/** The exercise's course, whatever version it is in. */
export async function courseOfExercise(tx: TenantTx, id: string): Promise<string | undefined> {
  return (await tx.selectFrom('exercises').select('course_id').where('id', '=', id).executeTakeFirst())?.course_id
}

async function moduleRows(tx: TenantTx, { courseId, version }: { courseId: string; version: number }) {
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
  { courseId, version, lessonId }: { courseId: string; version: number; lessonId?: string },
): Promise<{ lessonId: string; concept: ConceptNode }[]> {
  const rows = await tx
    .selectFrom('concepts')
    .selectAll()
    .where('course_id', '=', courseId)
    .where('version', '=', version)
    .$if(lessonId !== undefined, (query) => query.where('lesson_id', '=', lessonId ?? ''))
    .orderBy('lesson_id')
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

export type Part = 'modules' | 'lessons' | 'concepts' | 'exercises'

/** Those of `ids` that some version of the course gave to such a part. */
export async function idsEverGiven(tx: TenantTx, courseId: string, part: Part, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .selectFrom(part)
    .select('id')
    .distinct()
    .where('course_id', '=', courseId)
    .where('id', '=', sql<string>`ANY (${ids}::uuid[])`)
    .execute()
  return rows.map(({ id }) => id)
}

/** The materials that any version of the course was made from. */
export async function materialsEverUsed(tx: TenantTx, courseId: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('structures')
    .select(sql<string>`unnest(material_ids)`.as('id'))
    .distinct()
    .where('course_id', '=', courseId)
    .execute()
  return rows.map(({ id }) => id)
}
