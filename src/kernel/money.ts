const NANO = 1_000_000_000n

/** Whole nano-USD as a decimal string of USD, exactly: `1250000000n` → `1.25`. */
export function usd(nano: bigint): string {
  const sign = nano < 0n ? '-' : ''
  const size = nano < 0n ? -nano : nano
  const cents = (size % NANO).toString().padStart(9, '0').replace(/0+$/, '')
  return `${sign}${size / NANO}${cents === '' ? '' : `.${cents}`}`
}
