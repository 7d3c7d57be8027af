import { InvalidArgumentError } from 'commander'
import { SCOPES, type Scope } from '#kernel/caller.ts'
import { nanoUsd } from '#platform/llm/price.ts'
import { PROVIDERS, type Provider } from '#platform/llm/registry.ts'

// Parsers of option values. What they throw is a wrong usage: exit code 2.

export function scopes(value: string): Scope[] {
  const names = [...new Set(value.split(',').map((name) => name.trim()))]
  const found = names.map((name) => SCOPES.find((scope) => scope === name))
  if (found.some((scope) => scope === undefined)) throw new InvalidArgumentError('must be prep, check or prep,check.')
  return found.filter((scope) => scope !== undefined)
}

/** A name or a label, 1 to 200 characters on one line. Composed and decomposed letters look alike, so they are made alike. */
export function shortText(value: string): string {
  const text = value.normalize('NFC')
  if (text.trim() === '') throw new InvalidArgumentError('must not be empty.')
  if (text !== text.trim()) throw new InvalidArgumentError('must not begin or end with a space.')
  if ([...text].length > 200) throw new InvalidArgumentError('must have at most 200 characters.')
  if (/\p{Cc}/u.test(text)) throw new InvalidArgumentError('must not have control characters.')
  return text
}

export function path(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('must not be empty.')
  return value
}

export function wholeNumber(value: string): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : 0
  if (number < 1 || number > 100_000) throw new InvalidArgumentError('must be a whole number from 1 to 100000.')
  return number
}

export function days(value: string): number {
  const number = /^\d{1,5}$/.test(value) ? Number(value) : 0
  if (number < 1 || number > 36_500) throw new InvalidArgumentError('must be a whole number of days from 1 to 36500.')
  return number
}

/** The end of a day, UTC: the first moment of the next. */
export function endOfDay(value: string): Date {
  return new Date(dayOf(value).getTime() + 24 * 3_600_000)
}

/** The first moment of a day, UTC. */
export function dayOf(value: string): Date {
  const day = new Date(`${value}T00:00:00Z`)
  const isDay = /^[1-9]\d{3}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(day.getTime())
  // February 30 would be taken for March 2; what follows year 9999 has no RFC 3339.
  if (!isDay || day.toISOString().slice(0, 10) !== value || value === '9999-12-31') {
    throw new InvalidArgumentError('must be a day such as 2027-01-31.')
  }
  return day
}

const UNITS = ['', 'KiB', 'MiB', 'GiB', 'TiB']

/** `20GiB`, `1048576`, or `none`: null would become an empty text in commander. */
export function bytesOrNone(value: string): number | 'none' {
  if (value === 'none') return value
  const [, count = '', unit = ''] = /^(\d{1,16})([KMGT]iB)?$/.exec(value) ?? []
  const bytes = count === '' ? Number.NaN : Number(count) * 1024 ** UNITS.indexOf(unit)
  if (!Number.isSafeInteger(bytes)) throw new InvalidArgumentError('must be a number of bytes such as 20GiB, or none.')
  return bytes
}

const MOST_USD = 1_000_000_000n * 1_000_000_000n

/** `25`, `12.50` in nano-USD, or `none`. */
export function usdOrNone(value: string): bigint | 'none' {
  if (value === 'none') return value
  const nano = nanoUsd(value)
  if (nano === undefined || nano > MOST_USD)
    throw new InvalidArgumentError('must be USD such as 25 or 12.50, at most 1000000000, or none.')
  return nano
}

/** `openai,anthropic`, or `all`. */
export function providersOrAll(value: string): Provider[] | 'all' {
  if (value === 'all') return value
  const names = value.split(',').map((name) => name.trim())
  const found = PROVIDERS.filter((provider) => names.includes(provider))
  if (found.length !== new Set(names).size)
    throw new InvalidArgumentError(`must be all, or some of ${PROVIDERS.join(',')}.`)
  return found
}

/** Bytes as people read them, to two decimals. */
export function shownBytes(bytes: number | null): string {
  if (bytes === null) return 'none'
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${Number((bytes / 1024 ** step).toFixed(2))} ${UNITS[step] || 'B'}`
}

/** `90m`, `24h`, `7d`, `0` in milliseconds. */
export function duration(value: string): number {
  const [, count, unit = 's'] = /^(\d{1,6})([smhd])?$/.exec(value) ?? []
  if (count === undefined) throw new InvalidArgumentError('must be a duration such as 24h, 90m or 7d.')
  return Number(count) * { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's' | 'm' | 'h' | 'd']
}

export function uuid(value: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) throw new InvalidArgumentError('must be an id.')
  return value.toLowerCase()
}
