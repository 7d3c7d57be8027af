import { createHash } from 'node:crypto'
import type { Model } from '#platform/llm/registry.ts'
import type { Step, StepQuestion } from './step.ts'

export type Asked = Pick<StepQuestion<never>, 'promptVersion' | 'system' | 'schemaName'> & { schema: unknown }

/** Names an answer by everything that it depends on. `salt` tells apart what is to be asked anew. */
export function fingerprintOfStep(
  step: Pick<Step, 'action' | 'content'>,
  asked: Asked,
  models: readonly Model[],
  salt: string,
): string {
  const { promptVersion, system, schema, schemaName } = asked
  const { action, content } = step
  return fingerprintOf([salt, action, promptVersion, system, schemaName, schema, models.map(nameOfModel), content])
}

/** Names a value: 64 hex digits, the same for equal JSON whatever the order of its fields. */
export const fingerprintOf = (value: unknown) => createHash('sha256').update(canonical(value)).digest('hex')

/** How the ledger and fingerprints name a model. */
export const nameOfModel = ({ provider, id }: Pick<Model, 'provider' | 'id'>) => `${provider}/${id}`

/** JSON in which the order of an object's fields does not count. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`
}
