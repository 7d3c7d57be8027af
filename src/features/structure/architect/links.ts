import { findLinks } from './find-links.ts'

/** `[text](target)` and `![text](target)`: without the target the words alone say as much. Bounded, so that no text takes long. */
const MARKDOWN =
  /!?\[([^\][]{0,1000})\]\(\s{0,5}<?([^\s()<>]{0,2048}(?:\([^\s()]{0,200}\)[^\s()<>]{0,2048}){0,2})>?[^()]{0,300}\)/gu

/** What any link has; most texts have none. */
const MAYBE = /[:.@&][^\s]|\]\(|[/\\]{2}|\]:/u

/** The links of a text, in the form in which they are compared. */
export function linksIn(text: string): string[] {
  return !MAYBE.test(text) ? [] : findLinks(text).map(({ start, end }) => keyOf(text.slice(start, end)))
}

/**
 * The text without the links that are not known, in that form. Of a Markdown link its words stay. Characters that are written as HTML writes
 * them are read as such where that shows a link, and else stay as they are: they may be what a lesson is about.
 */
export function withoutForeignLinks(text: string, isKnown: (link: string) => boolean): string {
  if (!MAYBE.test(text)) return text
  const decoded = decode(text)
  if (decoded === text) return strip(text, isKnown)
  const stripped = strip(decoded, isKnown)
  return stripped === decoded ? text : stripped
}

function strip(text: string, isKnown: (link: string) => boolean): string {
  const isForeign = (link: string) => !isKnown(keyOf(link)) && !EXAMPLE.test(link)
  const leads = (target: string) =>
    (findLinks(target).length > 0 || /^[/\\]{2}[^\s/\\]/u.test(target)) && isForeign(target)
  let rest = text
  // What is left after a link may be one itself; more than a few in one another are nobody's mistake.
  for (let round = 0; round < 5; round++) {
    const before = rest
    rest = rest
      .replace(MARKDOWN, (whole, words: string, target: string) => (leads(target) ? words : whole))
      .replace(TARGET, (whole, opening: string, target: string) => (leads(target) ? opening : whole))
    rest = withoutSpans(rest, (link) => (isForeign(link) ? after(link) : link))
    if (rest === before) return rest
  }
  return withoutSpans(rest, () => ' ')
}

function withoutSpans(text: string, replace: (link: string) => string): string {
  let [left, from] = ['', 0]
  for (const { start, end } of findLinks(text)) {
    left += text.slice(from, start) + replace(text.slice(start, end))
    from = end
  }
  return left + text.slice(from)
}

/** What a link or a picture leads to, whatever the brackets before it hold: `](target`, `]: target`, `href=target`. */
const TARGET =
  /(\]\(\s{0,20}<?|\]:\s{0,20}<?|\b(?:href|src|srcset|action|formaction|poster|background)\s{0,20}=\s{0,20}["']?\s{0,20})([^\s()<>"']{1,2048})/giu

/** The characters that a link is made of, as HTML may write them: https://html.spec.whatwg.org/multipage/named-characters.html */
const NAMED: Record<string, string> = {
  ...{ colon: ':', sol: '/', bsol: '\\', period: '.', commat: '@', lowbar: '_', lpar: '(', rpar: ')' },
  ...{ lbrack: '[', lsqb: '[', rbrack: ']', rsqb: ']', Tab: '', NewLine: '', num: '#', quest: '?' },
}
const ENTITY = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([A-Za-z]{3,7}));?/gu

function decode(text: string): string {
  return text.replace(ENTITY, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return (Object.hasOwn(NAMED, name) ? NAMED[name] : undefined) ?? whole
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
    // Browsers leave these out of an address: https://url.spec.whatwg.org/#concept-basic-url-parser
    if (code === 9 || code === 10 || code === 13) return ''
    if (code > 0x10ffff) return whole
    const character = String.fromCodePoint(code)
    return /[\p{L}\p{N}:/\\.@_()[\]?#-]/u.test(character) ? character : whole
  })
}

function keyOf(link: string): string {
  const key = link.toLowerCase()
  const bare = key.slice(0, key.length - after(key).length).replace(/^https?:\/\//u, '')
  let end = bare.length
  while (bare[end - 1] === '/') end--
  return bare.slice(0, end)
}

/** What stands after a link and is none of it. By hand: an expression would begin at each sign of a long row of them. */
function after(link: string): string {
  let end = link.length
  while (end > 0 && SIGNS.has(link.charAt(end - 1))) end--
  return link.slice(end)
}

const SIGNS = new Set('.,;:!?)]}*_`…')

/** Nobody's, and made for examples: RFC 2606. */
const EXAMPLE = /^(?:[\w.+-]{1,64}@)?example\.(?:com|net|org)$/iu
