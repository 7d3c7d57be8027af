import { readFile } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import type { ModelPrice } from '@pydantic/genai-prices'
import { nanoUsd, type Price } from '../price.ts'
import type { Model, Provider } from '../registry.ts'
import { inputOf, type Usage } from '../usage.ts'

/**
 * What the model costs for that usage at that time, or null if nobody knows: a price of 0 in a list is one that is missing. Prices may
 * depend on the whole input of a call, and on the time of day. The registry's own prices go before those of the list, and may be 0.
 */
export type PriceOf = (model: Model, usage: Usage, at: Date) => Price | null

const PACKAGE = '@pydantic/genai-prices'

/** Loads the price list, which takes a moment: it is the data of a package, and nothing is fetched. */
export async function loadPrices(): Promise<PriceOf> {
  const [{ calcPrice }, file] = await Promise.all([
    import('@pydantic/genai-prices'),
    findPackageJSON(PACKAGE, import.meta.url),
  ])
  const { version } = JSON.parse(await readFile(file ?? '', 'utf8'))
  const source = `genai-prices ${version}`
  return (model, usage, at) => {
    if (model.prices !== undefined) return stated(ofTier(model.prices, usage)?.price, usage)
    const providerId = PROVIDER_IDS[model.provider]
    if (providerId === undefined) return null
    const found = calcPrice({}, model.id, { providerId, timestamp: at })
    if (found === null || !isSame(model.id, found.model.id)) return null
    return listed({ ...fromList(found.model_price, usage), source }, usage)
  }
}

/** The list's names. A compatible server may be anyone's: only the registry knows what it costs. */
const PROVIDER_IDS: Partial<Record<Provider, string>> = {
  gemini: 'google',
  anthropic: 'anthropic',
  openai: 'openai',
  deepseek: 'deepseek',
}

/**
 * The list finds many models by the beginning of their names, so that a new one gets the price of an older: claude-sonnet-5-5 that of
 * claude-sonnet-5. Only a date may follow the name.
 */
function isSame(asked: string, listed: string): boolean {
  const [name, base] = [asked.toLowerCase(), listed.toLowerCase()]
  return name === base || (name.startsWith(base) && /^-20\d{2}-?[01]\d-?[0-3]\d$/.test(name.slice(base.length)))
}

/**
 * In the list, `start` is what the input must exceed for the whole call to have the tier's price:
 * https://github.com/pydantic/genai-prices (calcTieredPrice). A cache price that is not listed is that of other input: OpenAI's older
 * models, Gemini and DeepSeek take no extra for writing. Writes that are kept for an hour cost more with Anthropic, and are never asked for.
 */
function fromList(prices: ModelPrice, usage: Usage): Omit<Price, 'source'> {
  const amount = (name: string): bigint | undefined => {
    const price = prices[name]
    if (price === undefined) return undefined
    if (typeof price === 'number') return nanoUsd(price)
    const tiers = price.tiers.map(({ start, price }) => ({ above: start, price })).toSorted((a, b) => a.above - b.above)
    return nanoUsd(ofTier(tiers, usage)?.price ?? price.base)
  }
  const input = amount('input_mtok') ?? 0n
  return {
    input,
    cacheRead: amount('cache_read_mtok') ?? input,
    cacheWrite: amount('cache_write_mtok') ?? input,
    output: amount('output_mtok') ?? 0n,
    hour: amount('input_audio_hours') ?? amount('audio_hours') ?? 0n,
  }
}

/** Tiers are in ascending order; the first of a model's own is above 0, and holds without any input, too. */
const ofTier = <T extends { above: number }>(tiers: readonly T[], usage: Usage): T | undefined =>
  tiers.findLast(({ above }) => above === 0 || inputOf(usage) > above)

const isFree = ({ input, output, hour }: Omit<Price, 'source'>) => input === 0n && output === 0n && hour === 0n

/** Null when tokens are asked of what is priced by the hour, or the other way round. */
function stated(price: Price | undefined, usage: Usage): Price | null {
  if (price === undefined) return null
  if (isFree(price)) return price
  if (inputOf(usage) + usage.output > 0 && price.input === 0n && price.output === 0n) return null
  return usage.milliseconds > 0 && price.hour === 0n ? null : price
}

/** Null when what was used has no price in the list. */
function listed(price: Price, usage: Usage): Price | null {
  if (isFree(price)) return null
  if (inputOf(usage) > 0 && price.input === 0n) return null
  if (usage.output > 0 && price.output === 0n) return null
  return usage.milliseconds > 0 && price.hour === 0n ? null : price
}
