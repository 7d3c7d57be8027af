import { Ajv, type ErrorObject } from 'ajv'
import type { Static, TSchema } from 'typebox'
import { parseDocument } from 'yaml'
import { TRANSCRIBERS } from '../provider.ts'
import type { Model, Registry } from '../registry.ts'
import { readPrices } from './read-prices.ts'
import { ActionFields, ModelFields, RegistryFile } from './registry-file.ts'

/** Which actions and strategies the program knows; `source` names the file in the prices that are taken from it. */
export type Known = { actions: readonly string[]; strategies: readonly string[]; source?: string }

type Action = { needs: Model['capabilities']; chains: ReadonlyMap<string, readonly Model[]> }

/**
 * The registry that the text of `config/llm.yaml` describes. Throws one Error that lists everything that is wrong with it, each with its
 * place. A strategy without a chain of its own has the `default` one.
 */
export function readRegistry(text: string, { actions, strategies, source = 'config/llm.yaml' }: Known): Registry {
  const document = parseDocument(text)
  // After a mistake in its syntax the parser guesses, and what it says then is of no use.
  const isFirst = (index: number) => document.errors.findIndex(({ code }) => code !== 'DUPLICATE_KEY') === index
  const problems = document.errors
    .filter(({ code }, index) => code === 'DUPLICATE_KEY' || isFirst(index))
    .map(({ message }) => message.split(':\n', 1)[0] ?? message)
  const models = new Map<string, Model>()
  const described = new Map<string, Action>()
  const check = createCheck(problems)
  const file = problems.length > 0 ? undefined : plain(document, problems)
  if (problems.length === 0 && check(RegistryFile, '', file)) {
    const unknown = Object.keys(file).filter((key) => !Object.hasOwn(RegistryFile.properties, key))
    problems.push(...unknown.map((key) => `the file has an unknown key: ${key}`))
    for (const [name, fields] of Object.entries(file.models)) {
      const place = `models.${name}`
      if (check(ModelFields, place, fields)) models.set(name, readModel(name, fields, { place, source, problems }))
    }
    refuseTwins(models, problems)
    for (const name of actions.filter((action) => !Object.hasOwn(file.actions, action))) {
      problems.push(`actions.${name} is missing`)
    }
    for (const [name, fields] of Object.entries(file.actions)) {
      const place = `actions.${name}`
      if (!actions.includes(name)) problems.push(`${place} is not an action: there are ${actions.join(', ')}`)
      if (!check(ActionFields, place, fields)) continue
      const isDeclared = (model: string) => Object.hasOwn(file.models, model)
      described.set(name, readAction(fields, { place, strategies, models, isDeclared, problems }))
    }
  }
  if (problems.length > 0)
    throw new Error(`The registry of language models (${source}) is wrong: ${problems.join('; ')}.`)
  return { models, actions: described }
}

/** Aliases are resolved only here. */
function plain(document: ReturnType<typeof parseDocument>, problems: string[]): unknown {
  try {
    return document.toJS()
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error))
    return undefined
  }
}

const ajv = new Ajv({ allErrors: true, strict: false })

/** Tells every way in which a value has not the shape of a schema. */
function createCheck(problems: string[]) {
  return <S extends TSchema>(schema: S, place: string, value: unknown): value is Static<S> => {
    const validate = ajv.compile(schema)
    if (validate(value)) return true
    // `must match a schema in anyOf` repeats what its branches say.
    const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'anyOf')
    problems.push(...new Set(errors.map((error) => told(place, error))))
    return false
  }
}

function told(place: string, { instancePath, message, params }: ErrorObject): string {
  const path = [place, ...instancePath.slice(1).split('/')].filter((step) => step !== '').join('.') || 'the file'
  if ('additionalProperty' in params) return `${path} has an unknown key: ${params.additionalProperty}`
  const allowed = 'allowedValues' in params ? `: ${params.allowedValues.join(', ')}` : ''
  return `${path} ${message}${allowed}`
}

type Place = { place: string; problems: string[] }

function readModel(name: string, fields: ModelFields, { place, source, problems }: Place & { source: string }): Model {
  const { provider, id, capabilities, context_window: contextWindow, max_output: maxOutput, price } = fields
  // What only listens has no window.
  const hasWindow = capabilities.some((capability) => capability !== 'transcription')
  if (hasWindow && contextWindow === undefined) problems.push(`${place}.context_window is missing`)
  if (hasWindow && maxOutput === undefined) problems.push(`${place}.max_output is missing`)
  if (capabilities.includes('transcription') && !TRANSCRIBERS.includes(provider))
    problems.push(`${place} has transcription, for which only ${TRANSCRIBERS.join(' and ')} are asked`)
  const model = { name, provider, id, capabilities, contextWindow: contextWindow ?? 0, maxOutput: maxOutput ?? 0 }
  if (contextWindow !== undefined && model.maxOutput > contextWindow)
    problems.push(`${place}.max_output is more than its context_window`)
  if (capabilities.includes('long_context') && contextWindow !== undefined && contextWindow < LONG_CONTEXT) {
    problems.push(`${place} has long_context, which is a context_window of ${LONG_CONTEXT} or more`)
  }
  return price === undefined ? model : { ...model, prices: readPrices(price, { place, source, problems }) }
}

const LONG_CONTEXT = 100_000

/** One model under two names would have two prices, and two places in a chain. */
function refuseTwins(models: ReadonlyMap<string, Model>, problems: string[]) {
  const names = new Map<string, string>()
  for (const { name, provider, id } of models.values()) {
    const twin = names.get(`${provider} ${id}`)
    if (twin !== undefined) problems.push(`models.${name} is the same as models.${twin}: ${id} of ${provider}`)
    names.set(`${provider} ${id}`, name)
  }
}

type ActionPlace = Place & {
  strategies: readonly string[]
  models: ReadonlyMap<string, Model>
  /** Whether there is such a model, be it a wrong one, which is told already. */
  isDeclared: (model: string) => boolean
}

function readAction({ needs, chains }: ActionFields, known: ActionPlace): Action {
  const { place, strategies, models, isDeclared, problems } = known
  const own = new Map<string, Model[]>()
  for (const [strategy, names] of Object.entries(chains)) {
    const chain = `${place}.chains.${strategy}`
    if (!strategies.includes(strategy)) problems.push(`${chain} is not a strategy: there are ${strategies.join(', ')}`)
    own.set(strategy, [])
    for (const name of names) {
      const model = models.get(name)
      if (model !== undefined) own.get(strategy)?.push(model)
      else if (!isDeclared(name)) problems.push(`${chain} has an unknown model: ${name}`)
      const lacking = needs.filter((need) => model !== undefined && !model.capabilities.includes(need))
      if (lacking.length > 0) problems.push(`${chain} has ${name}, which lacks ${lacking.join(', ')}`)
    }
  }
  const fallback = own.get('default')
  if (fallback === undefined) problems.push(`${place}.chains.default is missing`)
  return { needs, chains: new Map(strategies.map((name) => [name, own.get(name) ?? fallback ?? []])) }
}
