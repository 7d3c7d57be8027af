import type { ExerciseDraft } from '../tree.ts'
import type { PlannedLesson } from './arrange.ts'
import type { Cleaner } from './clean.ts'
import { exerciseDraft } from './exercise-draft.ts'
import type { LessonGroup } from './lessons.ts'
import { MOST } from './limits.ts'
import type { ExercisesAnswer } from './schemas.ts'

/** The exercises of each lesson that was asked about, none twice, and how many of all that were written are not taken. */
export function lessonExercises(
  answers: readonly { group: LessonGroup; answer: ExercisesAnswer }[],
  cleaner: Cleaner,
): { exercises: ReadonlyMap<PlannedLesson, ExerciseDraft[]>; dropped: number } {
  const byLesson = new Map<PlannedLesson, Map<string, ExerciseDraft>>()
  let dropped = 0
  for (const { group, answer } of answers) {
    for (const { lesson: id, exercises } of answer.lessons) {
      const lesson = group.lessons.get(id)
      const own = (lesson && byLesson.get(lesson)) ?? new Map<string, ExerciseDraft>()
      if (lesson) byLesson.set(lesson, own)
      for (const exercise of exercises) {
        const draft = lesson && own.size < MOST.exercisesOfLesson ? exerciseDraft(exercise, cleaner) : null
        if (draft === null || own.has(draft.description)) dropped += 1
        else own.set(draft.description, draft)
      }
    }
  }
  return { exercises: new Map([...byLesson].map(([lesson, own]) => [lesson, [...own.values()]])), dropped }
}
