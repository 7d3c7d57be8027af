import type { Line } from './lines.ts'

/** A page as it was read: its height, and its lines as they were written. */
export type Page = { number: number; height: number; lines: Line[] }

const MIN_PAGES = 4
const SHARE = 0.6
/** How far from the edge, as a share of the page's height, and how many lines. */
const MARGIN = 0.12
const MAX_LINES = 3
/** In points. The same template puts them in the same place. */
const PLACE = 4

/**
 * Drops what repeats at the head or foot of the pages: the same text up to its numbers, in the same place, on most pages or
 * on most left or right ones; and lines that begin or end with the number of their page, whatever else they say. Elsewhere
 * on the page it drops what is the very same in the very same place, unless nothing would be left.
 */
export function withoutFurniture<P extends Page>(pages: P[]): P[] {
  if (pages.length < MIN_PAGES) return pages
  const seen = new Map<string, { even: number; odd: number }>()
  for (const page of pages) {
    for (const key of new Set([...keysOfLines(page).values()].flat())) {
      const times = seen.get(key) ?? { even: 0, odd: 0 }
      times[parity(page)] += 1
      seen.set(key, times)
    }
  }
  const count = { even: pages.filter((page) => parity(page) === 'even').length, odd: 0 }
  count.odd = pages.length - count.even
  const repeats = (key: string) => {
    const times = seen.get(key) ?? { even: 0, odd: 0 }
    if (times.even + times.odd >= Math.max(MIN_PAGES - 1, SHARE * pages.length)) return true
    return (['even', 'odd'] as const).some((side) => times[side] >= Math.max(MIN_PAGES, SHARE * count[side]))
  }
  return pages.map((page) => {
    const keys = keysOfLines(page)
    const margins = new Set(marginLines(page))
    const rest = page.lines.filter((line) => !(margins.has(line) && keys.get(line)?.some(repeats)))
    const own = rest.filter((line) => !keys.get(line)?.some(repeats))
    return { ...page, lines: own.length > 0 ? own : rest }
  })
}

function parity({ number }: Page): 'even' | 'odd' {
  return number % 2 === 0 ? 'even' : 'odd'
}

/** The lines nearest to the upper and the lower edge. */
function marginLines({ height, lines }: Page): Line[] {
  const byHeight = lines.toSorted((a, b) => a.y - b.y)
  return [
    ...byHeight.slice(0, MAX_LINES).filter(({ y }) => y < MARGIN * height),
    ...byHeight.slice(-MAX_LINES).filter(({ y }) => y > (1 - MARGIN) * height),
  ]
}

function keysOfLines(page: Page): Map<Line, string[]> {
  const keys = new Map(page.lines.map((line) => [line, [placeOf(line)]]))
  for (const line of marginLines(page)) keys.set(line, keysOf(line, page))
  return keys
}

function placeOf({ x, y, text }: Line): string {
  return `at ${Math.round(x)} ${Math.round(y)} ${text}`
}

/** What a line has in common with its like on other pages. A place that is rounded up here may be rounded down there. */
function keysOf({ text, y, size }: Line, { number }: Page): string[] {
  const template = text.replace(/\d+/g, '#').replace(/^[ivxlc]+$/i, '#')
  const places = [Math.floor(y / PLACE), Math.floor(y / PLACE + 0.5)]
  const offsets = [/^\d{1,4}(?=\D|$)/, /(?<=\D)\d{1,4}$/].flatMap((pattern) => {
    const found = pattern.exec(text)?.[0]
    return found === undefined ? [] : [`page ${Number(found) - number} in ${Math.round(size)}`]
  })
  return places.flatMap((place, index) => [template, ...offsets].map((key) => `${index} ${place} ${key}`))
}
