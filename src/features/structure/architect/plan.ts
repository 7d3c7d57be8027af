import type { Message } from '#platform/llm/fence.ts'
import { estimateTokens } from '#platform/llm/tokens.ts'
import { materialTitle } from '../outline/outline.ts'
import type { SourceMaterial } from '../tree.ts'
import { planLimit } from './limits.ts'
import { oneLine } from './parts.ts'
import type { Brief, Window } from './port.ts'
import type { FoundConcept } from './read.ts'

/** Concepts that are planned in one call. */
export type PlanGroup = { concepts: FoundConcept[]; message: Message }

/** UTF-16 units of a definition: the most of these with which all concepts fit into one call. */
const SHORTENED = [300, 150, 60]

/**
 * All concepts in one call if the window has room for them with shortened definitions; else in consecutive groups, whose modules are then put
 * one after another.
 */
export function planGroups(
  { course, materials }: Brief,
  { concepts, language, window }: { concepts: FoundConcept[]; language: string | null; window: Window },
): PlanGroup[] {
  const limit = planLimit(window)
  const divisions = SHORTENED.map((length) => divide(concepts, length, limit))
  const [most] = divisions
  const fits = divisions.find((groups) => groups.length === 1)
  const length = fits ? SHORTENED[divisions.indexOf(fits)] : SHORTENED[1]
  const groups = fits ?? divisions[1] ?? most ?? []
  const about = [
    `title: ${oneLine(course.title, 500)}`,
    ...(course.description ? [`description: ${oneLine(course.description, 2_000)}`] : []),
    ...(course.learningGoal ? [`learning goal: ${oneLine(course.learningGoal, 2_000)}`] : []),
  ].join('\n')
  return groups.map((group, at) => ({
    concepts: group,
    message: {
      head: [
        `Course plan.${groups.length > 1 ? ` Group ${at + 1} of ${groups.length}.` : ''} ` +
          `Concepts: ${group.length}.${language === null ? '' : ` Language: ${language}.`}`,
      ],
      data: [
        { label: 'course', text: about },
        { label: 'concepts', text: listOf(group, materials, length ?? 0) },
      ],
    },
  }))
}

type Limit = { tokens: number; concepts: number }

function divide(concepts: FoundConcept[], length: number, limit: Limit): FoundConcept[][] {
  const sizes = concepts.map((concept) => estimateTokens(`${lineOf(concept, length)}\n`))
  const all = sizes.reduce((sum, size) => sum + size, 0)
  const count = Math.max(1, Math.ceil(all / limit.tokens), Math.ceil(concepts.length / limit.concepts))
  if (count === 1) return [concepts]
  // Groups of about the same size are planned alike; the last is not a rest.
  const [tokens, most] = [Math.ceil(all / count), Math.ceil(concepts.length / count)]
  const groups: FoundConcept[][] = []
  let used = Number.POSITIVE_INFINITY
  for (const [at, concept] of concepts.entries()) {
    const size = sizes[at] ?? 0
    const last = groups.at(-1)
    if (last === undefined || used + size > Math.max(tokens, size) || last.length >= most) {
      groups.push([concept])
      used = size
    } else {
      last.push(concept)
      used += size
    }
  }
  return groups
}

function listOf(concepts: FoundConcept[], materials: SourceMaterial[], length: number): string {
  return [...Map.groupBy(concepts, ({ materialId }) => materialId)]
    .flatMap(([id, own]) => {
      const at = materials.findIndex((material) => material.id === id)
      const material = materials[at]
      const title = material ? oneLine(materialTitle(material), 200) : ''
      return [`# m${at + 1}, ${material?.sourceType}: ${title}`, ...own.map((concept) => lineOf(concept, length))]
    })
    .join('\n')
}

function lineOf({ id, title, definition }: FoundConcept, length: number): string {
  return `[${id}] ${oneLine(title, 200)}: ${oneLine(definition, length)}`
}
