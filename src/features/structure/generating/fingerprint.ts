import { createHash } from 'node:crypto'
import type { Model } from '#platform/llm/registry.ts'
import type { Step, StepQuestion } from '../architect/port.ts'
import type { Sources } from './brief.ts'
import { ACTIONS, type Architect, type Choice, nameOf } from './engines.ts'

type Asked = Pick<StepQuestion<never>, 'promptVersion' | 'system' | 'schemaName'> & { schema: unknown }

/** Names an answer by everything that it depends on. `salt` tells apart what is to be asked anew. */
export function fingerprintOfStep(step: Step, asked: Asked, models: readonly Model[], salt: string): string {
  const { promptVersion, system, schema, schemaName } = asked
  const { action, content } = step
  return hash([salt, action, promptVersion, system, schemaName, schema, models.map(nameOf), content])
}

/**
 * Names a whole structure by what a language model makes it from: when that is as before, making it again would only cost money. Null for
 * the outline engine, which costs none.
 */
export function fingerprintOfStructure(
  sources: Sources,
  choice: Choice,
  architect: Pick<Architect, 'version'>,
): string | null {
  if (choice.engine === 'outline') return null
  return hash([...asked(sources, choice, architect), ACTIONS.map((action) => choice.chains[action].map(nameOf))])
}

/** Names the calls that a language model's structure takes: what it costs to make it, whoever is asked. */
export const nameOfCount = (sources: Sources, choice: Choice, architect: Pick<Architect, 'version'>): string =>
  choice.engine === 'outline' ? '' : hash(asked(sources, choice, architect))

/** What is sent, and in which pieces, as those depend on how much the models hold. */
function asked(
  { course, materials, slideMappings }: Sources,
  { windows }: Extract<Choice, { engine: 'llm' }>,
  { version }: Pick<Architect, 'version'>,
) {
  const { title, description, learningGoal } = course
  return [
    [title, description, learningGoal],
    materials.map(({ id, processedAt }) => [id, processedAt?.toISOString() ?? null]),
    slideMappings
      .map(({ slideNumber, videoTimecode, presentationId, videoId }) =>
        JSON.stringify([slideNumber, videoTimecode, presentationId, videoId]),
      )
      .toSorted(),
    version,
    windows,
  ]
}

const hash = (value: unknown) => createHash('sha256').update(canonical(value)).digest('hex')

/** JSON in which the order of an object's fields does not count. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`
}
