/**
 * Everything that a reader's program may make a link of: a scheme, also without slashes (`https:host` is one for browsers) or with backslashes;
 * `www.`; a host under a usual top-level domain with what follows it; a mail address.
 */
const REST = String.raw`[^\s<>"'“”«»]`
/** Without a path `.net` is as likely a field of something in a program. */
const HOST = String.raw`(?<![\p{L}\p{N}])(?:[\p{L}\p{N}-]{1,63}\.){1,5}`
const END = String.raw`(?![\p{L}\p{N}_(=-]|\.[\p{L}\p{N}_])(?:[?#]${REST}*)?`
const LINK = new RegExp(
  [
    String.raw`[a-z][a-z0-9+.-]{0,15}:[/\\]{2}${REST}+`,
    String.raw`(?:https?|ftps?|wss?|javascript|vbscript):[/\\\p{L}\p{N}]${REST}*`,
    String.raw`(?<![\p{L}\p{N}])mailto:${REST}+`,
    String.raw`(?<![\p{L}\p{N}])data:[\w.+-]{1,50}/[\w.+-]{1,50}[;,]${REST}*`,
    String.raw`(?<![\p{L}\p{N}])www\.${REST}+`,
    String.raw`(?<![\p{L}\p{N}])[\p{L}\p{N}._+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,5}\p{L}{2,24}${END}`,
    `${HOST}(?:com|org|ua|ru|укр|net|info|biz|xyz|io)/${REST}*`,
    `${HOST}(?:com|org|ua|ru|укр)${END}`,
  ].join('|'),
  'giu',
)

/** `[text](target)` and `![text](target)`: without the target the words alone say as much. Bounded, so that no text takes long. */
const MARKDOWN =
  /!?\[([^\][]{0,1000})\]\(\s{0,5}<?([^\s()<>]{0,2048}(?:\([^\s()]{0,200}\)[^\s()<>]{0,2048}){0,2})>?[^()]{0,300}\)/gu

/** What any link has; most texts have none. */
const MAYBE = /[:.@][^\s]|\]\(/u

/** The links of a text, in the form in which they are compared. */
export function linksIn(text: string): string[] {
  return !MAYBE.test(text) ? [] : [...text.matchAll(LINK)].map(([link]) => keyOf(link))
}

/** The text without the links that are not known, in that form. Of a Markdown link its words stay. */
export function withoutForeignLinks(text: string, isKnown: (link: string) => boolean): string {
  if (!MAYBE.test(text)) return text
  const isForeign = (link: string) => !isKnown(keyOf(link)) && !EXAMPLE.test(link)
  let rest = text
  // What is left after a link may be one itself; more than a few in one another are nobody's mistake.
  for (let round = 0; round < 5; round++) {
    const before = rest
    rest = rest
      .replace(MARKDOWN, (whole, words: string, target: string) => {
        const leads = linksIn(target).length > 0 || /^[/\\]{2}/u.test(target)
        return leads && isForeign(target) ? words : whole
      })
      .replace(LINK, (link) => (isForeign(link) ? (AFTER.exec(link)?.[0] ?? '') : link))
    if (rest === before) return rest
  }
  return rest.replace(LINK, ' ')
}

function keyOf(link: string): string {
  return link
    .toLowerCase()
    .replace(AFTER, '')
    .replace(/^https?:\/\//u, '')
    .replace(/\/+$/u, '')
}

/** What stands after a link and is none of it. */
const AFTER = /[.,;:!?)\]}*_`…]+$/u

/** Nobody's, and made for examples: RFC 2606. */
const EXAMPLE = /^(?:[\w.+-]{1,64}@)?example\.(?:com|net|org)$/iu
