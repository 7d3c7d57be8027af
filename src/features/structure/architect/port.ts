import type { SlideTime, SourceMaterial } from '../tree.ts'

/** What the architect works from. */
export type Brief = {
  course: { title: string; description: string | null; learningGoal: string | null }
  materials: SourceMaterial[]
  slideTimes: SlideTime[]
}

export type ArchitectAction = 'material_analysis' | 'course_structuring'

/** What one call may hold, in tokens: that of the smallest model that may come to be asked. */
export type Window = { contextWindow: number; maxOutput: number }
export type Windows = Record<ArchitectAction, Window>

/** One call that building will make, in tokens, as far as that can be known before. */
export type ExpectedCall = { action: ArchitectAction; input: number; output: number }
