import { costOf } from '../price.ts'
import type { PriceOf } from '../registry/price-list.ts'
import type { Model } from '../registry.ts'
import { NO_USAGE, type Usage } from '../usage.ts'

/**
 * More than an attempt can cost, in nano-USD: all of the input at the dearest of its prices, and all of the output that it may write. By
 * the price for that much input as well as for what is expected. Null when a price is unknown. Honest figures are never above it: the
 * input's bound has a token for every byte, which tokenizers that fall back to bytes do not exceed, and all the models' limits of output
 * include their thoughts. Who reports more is not believed (meter.ts).
 */
export function mostCost(
  { model, at, expected, inputBound }: { model: Model; at: Date; expected: Usage; inputBound: number },
  priceOf: PriceOf,
): bigint | null {
  let most = 0n
  for (const fresh of [inputBound, expected.fresh]) {
    const price = priceOf(model, { ...NO_USAGE, fresh, output: expected.output }, at)
    if (price === null) return null
    const { input, cacheRead, cacheWrite } = price
    const dearest = [input, cacheRead, cacheWrite].reduce((a, b) => (a > b ? a : b))
    const cost = costOf({ ...NO_USAGE, fresh: inputBound, output: expected.output }, { ...price, input: dearest })
    if (cost > most) most = cost
  }
  return most
}

/**
 * More than an attempt to transcribe can cost: providers round up to seconds, some bill ten of them at least
 * (https://console.groq.com/docs/speech-to-text), and may measure the same sound a little longer. Null when the price is unknown.
 */
export function mostCostOfSound(
  { model, at, milliseconds }: { model: Model; at: Date; milliseconds: number },
  priceOf: PriceOf,
): bigint | null {
  const usage = { ...NO_USAGE, milliseconds: Math.ceil(milliseconds * 1.1) + 10_000 }
  const price = priceOf(model, usage, at)
  return price === null ? null : costOf(usage, price)
}
