import { ExtractionError } from '../../errors.ts'

/** Deeper than any page by orders of magnitude; the parser's work grows with the square of it. */
const MAX_DEPTH = 20_000
/** An element of the tree takes about 1 kB of memory. */
const MAX_TAGS = 600_000
const NAME = /[a-z][a-z\d]*/iy
/** Elements that end with their start tag, or whose end tag may be left out: thousands of them say nothing of depth. */
const UNCOUNTED = new Set(
  (
    'area base br col embed hr img input link meta param source track wbr ' +
    'html head body p li dt dd option optgroup rt rp colgroup thead tbody tfoot tr td th'
  ).split(' '),
)

/**
 * Goes through the tags of a page before its parser does. Throws `extract.unreadable` for one that nests too deeply and
 * `extract.too_large` for one of too many elements. It counts roughly: what is commented out counts too.
 */
export function checkMarkup(html: string): void {
  let depth = 0
  let tags = 0
  let drawings = 0
  let end = 0
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at + 1)) {
    if (end < at) end = html.indexOf('>', at)
    if (end < 0) return
    tags += 1
    if (tags > MAX_TAGS) throw new ExtractionError('extract.too_large')
    const isEnd = html[at + 1] === '/'
    NAME.lastIndex = at + (isEnd ? 2 : 1)
    const name = NAME.exec(html)?.[0].toLowerCase()
    if (name === undefined || UNCOUNTED.has(name)) continue
    // Elsewhere the slash of `<div/>` means nothing.
    const isWhole = drawings > 0 && html[end - 1] === '/'
    const step = isEnd ? -1 : isWhole ? 0 : 1
    depth = Math.max(0, depth + step)
    if (name === 'svg' || name === 'math') drawings = Math.max(0, drawings + step)
    if (depth > MAX_DEPTH) {
      throw new ExtractionError('extract.unreadable', 'The file could not be read: its content is nested too deeply.')
    }
  }
}
