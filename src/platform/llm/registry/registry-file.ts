import { type Static, Type } from 'typebox'
import { CAPABILITIES, PROVIDERS } from '../registry.ts'

// The shape of config/llm.yaml. What its parts must have to do with each other is in read-registry.ts.

const strict = { additionalProperties: false }

const Tokens = { minimum: 1, maximum: 100_000_000 }

/** USD. A string keeps what a YAML number might lose. */
const Usd = Type.Union([Type.String(), Type.Number()])

const amounts = {
  input: Type.Optional(Usd),
  cache_read: Type.Optional(Usd),
  cache_write: Type.Optional(Usd),
  output: Type.Optional(Usd),
}

const PriceFields = Type.Object(
  {
    ...amounts,
    hour: Type.Optional(Usd),
    tiers: Type.Optional(Type.Array(Type.Object({ above: Type.Integer(Tokens), ...amounts }, strict), { minItems: 1 })),
  },
  strict,
)

const Capabilities = Type.Array(Type.Enum(CAPABILITIES), { uniqueItems: true })

export const ModelFields = Type.Object(
  {
    provider: Type.Enum(PROVIDERS),
    id: Type.String({ pattern: '^\\S+$', maxLength: 200 }),
    capabilities: Type.Array(Type.Enum(CAPABILITIES), { uniqueItems: true, minItems: 1 }),
    context_window: Type.Optional(Type.Integer(Tokens)),
    max_output: Type.Optional(Type.Integer(Tokens)),
    price: Type.Optional(PriceFields),
  },
  strict,
)

const Chain = Type.Array(Type.String(), { minItems: 1, uniqueItems: true })

export const ActionFields = Type.Object({ needs: Capabilities, chains: Type.Record(Type.String(), Chain) }, strict)

/** Each part is checked by itself, so that a mistake in one does not hide those of others. */
export const RegistryFile = Type.Object({
  models: Type.Record(Type.String(), Type.Unknown()),
  actions: Type.Record(Type.String(), Type.Unknown()),
})

export type ModelFields = Static<typeof ModelFields>
export type ActionFields = Static<typeof ActionFields>
export type PriceFields = Static<typeof PriceFields>
