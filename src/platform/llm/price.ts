import type { Usage } from './usage.ts'

/** What a model costs: whole nano-USD for a million tokens of each kind, and for an hour of audio. */
export type Price = {
  input: bigint
  cacheRead: bigint
  cacheWrite: bigint
  output: bigint
  hour: bigint
  /** Where the figures are from, for whoever audits a bill. */
  source: string
}

const MILLION = 1_000_000n
const HOUR_MS = 3_600_000n

/** The cost in whole nano-USD, exact until one rounding up at the end. */
export function costOf({ fresh, cacheRead, cacheWrite, output, milliseconds }: Usage, price: Price): bigint {
  const tokens =
    BigInt(fresh) * price.input +
    BigInt(cacheRead) * price.cacheRead +
    BigInt(cacheWrite) * price.cacheWrite +
    BigInt(output) * price.output
  return ceilDivide(tokens * HOUR_MS + BigInt(milliseconds) * price.hour * MILLION, MILLION * HOUR_MS)
}

/**
 * An amount of USD in whole nano-USD, exactly as its digits say; undefined for anything but a plain decimal with at most nine decimals
 * and ten digits before them.
 */
export function nanoUsd(amount: string | number): bigint | undefined {
  const [, whole, decimals = ''] = /^(\d{1,10})(?:\.(\d{1,9}))?$/.exec(String(amount)) ?? []
  return whole === undefined ? undefined : BigInt(whole + decimals.padEnd(9, '0'))
}

const ceilDivide = (a: bigint, b: bigint) => (a + b - 1n) / b
