import { estimateTokens } from '#platform/llm/tokens.ts'
import type { Calls } from './calls.ts'
import { exerciseLimit, partLimit, planLimit, TYPICAL } from './limits.ts'
import { partsOf } from './parts.ts'
import type { ArchitectAction, Brief, ExpectedCall, Window } from './port.ts'

/**
 * The calls that building will make. How materials are divided is known; how many concepts, lessons and modules there will be is told from their
 * length by what is typical (`TYPICAL`).
 */
export function expectCalls(
  { course, materials }: Brief,
  windows: Record<ArchitectAction, Window>,
  calls: Pick<Calls, 'read' | 'plan' | 'write'>,
): ExpectedCall[] {
  const parts = materials.flatMap((material) => partsOf(material, partLimit(windows.material_analysis)))
  if (parts.length === 0) return []
  const concepts = parts.reduce((sum, { tokens }) => sum + Math.max(1, Math.round(tokens / TYPICAL.textOfConcept)), 0)

  const window = windows.course_structuring
  const limit = planLimit(window)
  const about = estimateTokens([course.title, course.description ?? '', course.learningGoal ?? ''].join(' '))
  const plans = Math.max(Math.ceil((concepts * SHORTENED) / limit.tokens), Math.ceil(concepts / limit.concepts))
  const planned = Math.ceil(concepts / plans)
  const conceptTokens = Math.min(TYPICAL.conceptInPlan, limit.tokens / planned)

  const lessons = Math.ceil(concepts / TYPICAL.conceptsOfLesson)
  const modules = Math.ceil(lessons / TYPICAL.lessonsOfModule)
  const perCall = exerciseLimit(window).lessons
  const written = Array.from({ length: modules }, (_, at) => {
    const own = Math.floor(((at + 1) * lessons) / modules) - Math.floor((at * lessons) / modules)
    return shares(own, Math.ceil(own / perCall))
  }).flat()

  return [
    ...parts.map(
      ({ tokens }): ExpectedCall => ({
        action: 'material_analysis',
        input: calls.read.inputOf(tokens),
        output: calls.read.outputOf(tokens),
      }),
    ),
    ...shares(concepts, plans).map(
      (count): ExpectedCall => ({
        action: 'course_structuring',
        input: calls.plan.inputOf(about + Math.ceil(count * conceptTokens)),
        output: calls.plan.outputOf(count),
      }),
    ),
    ...written.map(
      (count): ExpectedCall => ({
        action: 'course_structuring',
        input: calls.write.inputOf(count * TYPICAL.conceptsOfLesson * TYPICAL.conceptForExercises),
        output: calls.write.outputOf(count),
      }),
    ),
  ]
}

/** Tokens of a concept with the shortest definition that a plan may show. */
const SHORTENED = 45

/** A number in so many whole parts of about the same size. */
function shares(all: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => Math.floor(((at + 1) * all) / count) - Math.floor((at * all) / count))
}
