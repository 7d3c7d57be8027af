import { defineJob } from '#platform/queue/index.ts'

/** `measure` names the exercise as it was when this was asked for; submissions after `until` were judged by it anyway. */
export type RegradePayload = { exerciseId: string; measure: string; until: string }

/** Grades all submissions of an exercise anew. Students who wait go first, and so does what a course is made of. */
export const regradeExercise = defineJob<RegradePayload>({
  kind: 'regrade_exercise',
  priority: 20,
  scope: 'check',
  timeoutSeconds: 6 * 3_600,
})
