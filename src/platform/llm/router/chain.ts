import type { Model, Provider, Registry } from '../registry.ts'

export type Place = {
  model: Model
  /** Where it stands: `quality/1`. */
  path: string
}

/** The models to ask, in order: those of the strategy's chain, then those of `default` that were not in it. */
export function walk(
  { actions }: Registry,
  isConfigured: (provider: Provider) => boolean,
  { action, strategy, allowed }: { action: string; strategy: string; allowed: readonly string[] | null },
): Place[] {
  const chains = actions.get(action)?.chains
  const places = new Map<string, Place>()
  for (const name of new Set([strategy, 'default'])) {
    for (const [index, model] of (chains?.get(name) ?? []).entries()) {
      const mayBeAsked = isConfigured(model.provider) && (allowed === null || allowed.includes(model.provider))
      if (mayBeAsked && !places.has(model.name)) places.set(model.name, { model, path: `${name}/${index + 1}` })
    }
  }
  return [...places.values()]
}
