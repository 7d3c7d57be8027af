import { nanoUsd, type Price } from '../price.ts'
import type { Model } from '../registry.ts'
import type { PriceFields } from './registry-file.ts'

type Place = { place: string; source: string; problems: string[] }

/** The prices of a model that the registry's file states: tokens have one, or hours, or both. 0 is a price, too: own hardware. */
export function readPrices(fields: PriceFields, { place, source, problems }: Place): NonNullable<Model['prices']> {
  const hour = fields.hour === undefined ? 0n : amount(fields.hour, { place: `${place}.price.hour`, problems })
  const needsTokens = fields.hour === undefined || fields.input !== undefined || fields.output !== undefined
  const prices = [
    { above: 0, price: priceOfTokens(fields, { place: `${place}.price`, source, problems, hour, needsTokens }) },
  ]
  for (const [index, tier] of (fields.tiers ?? []).entries()) {
    const here = `${place}.price.tiers.${index}`
    if (tier.above <= (prices.at(-1)?.above ?? 0))
      problems.push(`${here}.above must be more than that of the tier before`)
    const price = priceOfTokens(tier, { place: here, source, problems, hour, needsTokens: true })
    prices.push({ above: tier.above, price })
  }
  return prices
}

type Amounts = Pick<PriceFields, 'input' | 'output' | 'cache_read' | 'cache_write'>

/** What is written to a cache or read from it costs as much as other input unless it is said. */
function priceOfTokens(fields: Amounts, known: Place & { hour: bigint; needsTokens: boolean }): Price {
  const { place, source, problems, hour, needsTokens } = known
  const read = (name: keyof Amounts, fallback: bigint | undefined) => {
    const value = fields[name]
    if (value !== undefined) return amount(value, { place: `${place}.${name}`, problems })
    if (fallback === undefined) problems.push(`${place}.${name} is missing`)
    return fallback ?? 0n
  }
  const none = needsTokens ? undefined : 0n
  const input = read('input', none)
  const [cacheRead, cacheWrite] = [read('cache_read', input), read('cache_write', input)]
  return { input, cacheRead, cacheWrite, output: read('output', none), hour, source }
}

function amount(value: string | number, { place, problems }: { place: string; problems: string[] }): bigint {
  const nano = nanoUsd(value)
  if (nano !== undefined && nano <= DEAREST) return nano
  problems.push(`${place} must be USD, from 0 to 100000 with at most nine decimals`)
  return 0n
}

const DEAREST = 100_000n * 1_000_000_000n
