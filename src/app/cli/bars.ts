// Charts of text: what a terminal shows of amounts. Amounts are bigint, so that they stay exact until they are drawn.

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar as long, of `width`, as `value` is of `most`; something of it is seen as soon as there is something to show. */
export function bar(value: bigint, most: bigint, width: number): string {
  if (value <= 0n || most <= 0n || width <= 0) return ''
  const eighths = Math.min(width * 8, Math.max(1, Number((value * BigInt(width * 8)) / most)))
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
}

/** A bar with its empty part, which is full only when `part` has reached `whole`. */
export function gauge(part: bigint, whole: bigint, width: number): string {
  const filled =
    part >= whole ? width : part <= 0n ? 0 : Math.min(width - 1, Math.max(1, Number((part * BigInt(width)) / whole)))
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}

/** `49 %`, rounded, but 100 is all of it; what is not nothing is never `0 %`. */
export function percent(part: bigint, whole: bigint): string {
  if (whole <= 0n) return part > 0n ? '>999 %' : '100 %'
  const rounded = (part * 200n + whole) / (2n * whole)
  const whole100 = part < whole && rounded === 100n ? 99n : rounded
  if (whole100 === 0n && part > 0n) return '<1 %'
  return whole100 > 999n ? '>999 %' : `${whole100} %`
}

const NANO_DIGITS = 9

/**
 * Nano-USD as USD with equally many decimals, as few as the largest of them leaves worth reading, so that their points stand one below
 * another. `isExact` says whether nothing was rounded away.
 */
export function amounts(nanos: readonly bigint[]): { texts: string[]; isExact: boolean } {
  const most = nanos.reduce((most, nano) => (nano > most ? nano : most), 0n)
  const decimals = most >= 100_000_000_000n ? 2 : most >= 1_000_000_000n ? 4 : most >= 1_000_000n ? 6 : NANO_DIGITS
  const step = 10n ** BigInt(NANO_DIGITS - decimals)
  const texts = nanos.map((nano) => {
    if (nano > 0n && nano < step) return `<${decimal(1n, decimals)}`
    return decimal((nano + step / 2n) / step, decimals)
  })
  return { texts, isExact: nanos.every((nano) => nano % step === 0n) }
}

function decimal(steps: bigint, decimals: number): string {
  const digits = steps.toString().padStart(decimals + 1, '0')
  return `${grouped(digits.slice(0, -decimals))}.${digits.slice(-decimals)}`
}

/** `1234567` as `1,234,567`. */
export const grouped = (digits: string | number): string => String(digits).replace(/\B(?=(\d{3})+$)/g, ',')

/** Cut to so many characters, which is seen; control characters, which would steer the terminal, are replaced. */
export function fitted(text: string, width: number): string {
  const letters = [...text.replace(/\p{Cc}/gu, '\u{FFFD}')]
  return letters.length <= width ? letters.join('') : `${letters.slice(0, width - 1).join('')}…`
}

type Align = 'left' | 'right'

/** Rows of cells in columns that are as wide as their widest cell. */
export function grid(rows: readonly (readonly string[])[], aligns: readonly Align[]): string[] {
  const widths = aligns.map((_, column) => Math.max(0, ...rows.map((row) => widthOf(row[column]))))
  return rows.map((row) =>
    aligns
      .map((align, column) => {
        const gap = ' '.repeat((widths[column] ?? 0) - widthOf(row[column]))
        const cell = row[column] ?? ''
        return align === 'right' ? gap + cell : cell + gap
      })
      .join('  ')
      .trimEnd(),
  )
}

const widthOf = (text = '') => [...text].length
