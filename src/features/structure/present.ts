import { presentCourse, presentSlideMapping } from '#features/courses/index.ts'
import { presentMaterial } from '#features/materials/index.ts'
import type { StaticOf } from '#platform/http/index.ts'
import { obstacleOf } from './gradable.ts'
import type { CourseDetail, LessonSummary, PlacedExercise, PlacedLesson } from './reading.ts'
import type { CourseDetailBody, LessonBody, PlacedExerciseBody } from './schemas.ts'
import type { ConceptNode, ExerciseNode, LessonNode, ModuleNode } from './tree.ts'

/** `byModels`, here and below: whether a language model may judge open answers. */
export function presentDetail(
  { course, materials, slideMappings, version, tree }: CourseDetail,
  byModels: boolean,
): StaticOf<typeof CourseDetailBody> {
  return {
    ...presentCourse(course),
    expected_knowledge: version?.expectedKnowledge ?? [],
    expected_skills: version?.expectedSkills ?? [],
    modules: tree.modules.map((module, index) => presentModule(module, index, byModels)),
    source_materials: materials.map(presentMaterial),
    slide_mappings: slideMappings.map(presentSlideMapping),
    structure: version && {
      version: version.version,
      generated_by: version.generatedBy,
      generated_at: version.generatedAt.toISOString(),
      material_ids: version.materialIds,
      stale: version.stale,
    },
  }
}

/** `withSolutions` is for keys that hold `prep`. */
export function presentLesson(
  { moduleId, order, lesson }: PlacedLesson,
  { withSolutions, byModels }: { withSolutions: boolean; byModels: boolean },
): StaticOf<typeof LessonBody> {
  const exercises = lesson.exercises.map((exercise) =>
    withSolutions ? presentExercise(exercise, byModels) : presentTask(exercise, byModels),
  )
  return { ...presentLessonFields(lesson, order), module_id: moduleId, exercises }
}

export function presentLessonSummary({ id, moduleId, title, order, exercises }: LessonSummary) {
  const shown = exercises.map(({ id, kind, externalId }) => ({ id, kind, external_id: externalId }))
  return { id, module_id: moduleId, title, order, exercises: shown }
}

export function presentPlacedExercise(
  { lessonId, exercise }: PlacedExercise,
  byModels: boolean,
): StaticOf<typeof PlacedExerciseBody> {
  return { ...presentExercise(exercise, byModels), lesson_id: lessonId }
}

function presentModule(module: ModuleNode, index: number, byModels: boolean) {
  return {
    id: module.id,
    title: module.title,
    description: module.description,
    learning_goal: module.learningGoal,
    expected_knowledge: module.expectedKnowledge,
    expected_skills: module.expectedSkills,
    difficulty: module.difficulty,
    order: index + 1,
    lessons: module.lessons.map((lesson, at) => ({
      ...presentLessonFields(lesson, at + 1),
      exercises: lesson.exercises.map((exercise) => presentExercise(exercise, byModels)),
    })),
  }
}

function presentLessonFields(lesson: LessonNode, order: number) {
  return {
    id: lesson.id,
    title: lesson.title,
    order,
    video_material_id: lesson.videoMaterialId,
    video_start_timecode: lesson.videoStartTimecode,
    video_end_timecode: lesson.videoEndTimecode,
    presentation_material_id: lesson.presentationMaterialId,
    slide_range: lesson.slideRange,
    concepts: lesson.concepts.map(presentConcept),
  }
}

function presentConcept(concept: ConceptNode) {
  return {
    id: concept.id,
    title: concept.title,
    definition: concept.definition,
    examples: concept.examples,
    timecodes: concept.timecodes,
    slide_references: concept.slideReferences,
    web_references: concept.webReferences,
    sources: concept.sources.map(({ materialId, locator }) => ({ material_id: materialId, locator })),
  }
}

function presentExercise(exercise: ExerciseNode, byModels: boolean) {
  return {
    ...presentTask(exercise, byModels),
    reference_solution: exercise.referenceSolution,
    grading_criteria: exercise.gradingCriteria,
    criteria: exercise.criteria,
    answer_key: exercise.answerKey,
  }
}

/** An exercise without what tells its answer. */
function presentTask(exercise: ExerciseNode, byModels: boolean) {
  const obstacle = obstacleOf(exercise, byModels)
  return {
    id: exercise.id,
    external_id: exercise.externalId,
    kind: exercise.kind,
    description: exercise.description,
    options: exercise.options,
    pass_score: exercise.passScore,
    max_attempts: exercise.maxAttempts,
    difficulty_level: exercise.difficultyLevel,
    gradable: obstacle === null,
    not_gradable: obstacle,
  }
}
