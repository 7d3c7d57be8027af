import { sql } from 'kysely'
import { brokenConstraint, type TenantTx } from '#platform/db/database.ts'
import { exerciseExternalIdTaken } from './failures.ts'
import type { CoursePlace, Version } from './store.ts'
import type { CourseTree } from './tree.ts'

type NewVersion = Omit<Version, 'generatedAt' | 'fingerprint'> &
  CoursePlace & { tree: CourseTree; fingerprint?: string | null }

/** Writes a version: one statement a table, whatever its size. Throws `exercise.external_id_taken`. */
export async function insertVersion(
  tx: TenantTx,
  { tree, tenantId, courseId, version, ...about }: NewVersion,
): Promise<void> {
  await tx
    .insertInto('structures')
    .values({
      tenant_id: tenantId,
      course_id: courseId,
      version,
      generated_by: about.generatedBy,
      material_ids: about.materialIds,
      expected_knowledge: about.expectedKnowledge,
      expected_skills: about.expectedSkills,
      fingerprint: about.fingerprint ?? null,
    })
    .execute()
  const at = { tenant_id: tenantId, course_id: courseId, version }
  const { modules, lessons, concepts, exercises } = rowsOf(tree)
  await insertRows(
    tx,
    'modules',
    modules.map((row) => ({ ...at, ...row })),
  )
  await insertRows(
    tx,
    'lessons',
    lessons.map((row) => ({ ...at, ...row })),
  )
  await insertRows(
    tx,
    'concepts',
    concepts.map((row) => ({ ...at, ...row })),
  )
  await nameExercises(tx, { tenantId, courseId }, tree)
  await insertRows(
    tx,
    'exercise_versions',
    exercises.map((row) => ({ ...at, ...row })),
  )
}

// One JSON parameter instead of a parameter a value: PostgreSQL takes 65 535 of those.
async function insertRows(
  tx: TenantTx,
  table: 'modules' | 'lessons' | 'concepts' | 'exercise_versions',
  rows: object[],
) {
  const [first] = rows
  if (first === undefined) return
  const columns = sql.join(Object.keys(first).map((name) => sql.ref(name)))
  await sql`INSERT INTO ${sql.table(table)} (${columns})
    SELECT ${columns} FROM jsonb_populate_recordset(NULL::${sql.table(table)}, ${JSON.stringify(rows)}::jsonb)`.execute(
    tx,
  )
}

/** The identities of exercises: new ones are added, and an external id moves to where the author put it. */
async function nameExercises(tx: TenantTx, { tenantId, courseId }: CoursePlace, tree: CourseTree) {
  const exercises = tree.modules.flatMap(({ lessons }) => lessons.flatMap((lesson) => lesson.exercises))
  if (exercises.length === 0) return
  const rows = exercises.map(({ id, externalId }) => ({
    id,
    tenant_id: tenantId,
    course_id: courseId,
    external_id: externalId,
  }))
  try {
    await freeExternalIds(tx, courseId, rows)
    // In one order, whatever the course's: two courses that want the same ids would wait for each other.
    await sql`INSERT INTO exercises (id, tenant_id, course_id, external_id)
      SELECT id, tenant_id, course_id, external_id FROM jsonb_populate_recordset(NULL::exercises, ${JSON.stringify(rows)}::jsonb)
      ORDER BY external_id
      ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id`.execute(tx)
  } catch (error) {
    throw brokenConstraint(error) === 'exercises_tenant_id_external_id_key' ? exerciseExternalIdTaken() : error
  }
}

/**
 * An id that is to change hands is free before it is given, as uniqueness is checked row by row: within this course, and where another
 * course shows its exercise no longer.
 */
async function freeExternalIds(tx: TenantTx, courseId: string, rows: { external_id: string | null }[]) {
  const wanted = rows.flatMap((row) => row.external_id ?? [])
  if (wanted.length === 0) return
  await sql`UPDATE exercises e SET external_id = NULL
    WHERE external_id = ANY (${wanted}::text[]) AND (course_id = ${courseId}::uuid OR NOT EXISTS (
      SELECT FROM courses c JOIN exercise_versions v ON v.course_id = c.id AND v.version = c.current_version
      WHERE c.id = e.course_id AND v.id = e.id))`.execute(tx)
}

function rowsOf({ modules }: CourseTree) {
  const lessons = modules.flatMap((module) =>
    module.lessons.map((lesson, index) => ({ module, lesson, ord: index + 1 })),
  )
  return {
    modules: modules.map((module, index) => ({
      id: module.id,
      ord: index + 1,
      title: module.title,
      description: module.description,
      learning_goal: module.learningGoal,
      expected_knowledge: module.expectedKnowledge,
      expected_skills: module.expectedSkills,
      difficulty: module.difficulty,
    })),
    lessons: lessons.map(({ module, lesson, ord }) => ({
      id: lesson.id,
      module_id: module.id,
      ord,
      title: lesson.title,
      video_material_id: lesson.videoMaterialId,
      video_start_timecode: lesson.videoStartTimecode,
      video_end_timecode: lesson.videoEndTimecode,
      presentation_material_id: lesson.presentationMaterialId,
      slide_start: lesson.slideRange?.start ?? null,
      slide_end: lesson.slideRange?.end ?? null,
    })),
    concepts: lessons.flatMap(({ lesson }) =>
      lesson.concepts.map((concept, index) => ({
        id: concept.id,
        lesson_id: lesson.id,
        ord: index + 1,
        title: concept.title,
        definition: concept.definition,
        examples: concept.examples,
        timecodes: concept.timecodes,
        slide_references: concept.slideReferences,
        web_references: concept.webReferences,
        sources: concept.sources,
      })),
    ),
    exercises: lessons.flatMap(({ lesson }) =>
      lesson.exercises.map((exercise, index) => ({
        id: exercise.id,
        lesson_id: lesson.id,
        ord: index + 1,
        kind: exercise.kind,
        description: exercise.description,
        options: exercise.options,
        reference_solution: exercise.referenceSolution,
        grading_criteria: exercise.gradingCriteria,
        criteria: exercise.criteria,
        answer_key: exercise.answerKey,
        pass_score: exercise.passScore,
        max_attempts: exercise.maxAttempts,
        difficulty_level: exercise.difficultyLevel,
      })),
    ),
  }
}
