export type Span = { start: number; end: number }

/**
 * Where a text has what a reader's program may make a link of: a scheme, also without slashes (`https:host` is one for browsers) or with
 * backslashes; `www.`; `//host.name`; a host under a usual top-level domain with what follows it; a mail address. In order, none in another.
 *
 * Each run of a host's characters is looked at once, and from it at most 64 characters back: no text takes longer than its length.
 */
export function findLinks(text: string): Span[] {
  const found: Span[] = []
  let from = 0
  for (RUN.lastIndex = 0; ; ) {
    const run = RUN.exec(text)
    if (run === null) return found
    const span = linkAt(text, { start: run.index, end: run.index + run[0].length })
    if (span === undefined) continue
    found.push({ start: Math.max(from, span.start), end: span.end })
    from = span.end
    // A run may go on after its link: what is left of it is looked at anew.
    RUN.lastIndex = span.end
  }
}

const RUN = /[\p{L}\p{N}.-]+/gu

function linkAt(text: string, run: Span): Span | undefined {
  const scheme = schemeAt(text, run)
  if (scheme !== undefined || !text.slice(run.start, run.end).includes('.')) return scheme
  return mailAt(text, run) ?? wwwAt(text, run) ?? bareAt(text, run) ?? hostAt(text, run)
}

function schemeAt(text: string, { start, end }: Span): Span | undefined {
  if (text[end] !== ':') return undefined
  const before = text.slice(Math.max(start, end - 16), end)
  const after = text.slice(end + 1, end + 120)
  const scheme = /^[/\\]{2}[^\s<>"'“”«»]/u.test(after)
    ? /[a-z][a-z0-9.-]*$/iu.exec(before)
    : ((/^[/\\\p{L}\p{N}]/u.test(after) ? /(?:https?|ftps?|wss?|javascript|vbscript)$/iu.exec(before) : null) ??
      (/^[^\s<>"'“”«»]/u.test(after) ? /(?<![\p{L}\p{N}])mailto$/iu.exec(before) : null) ??
      (/^[\w.+-]{1,50}\/[\w.+-]{1,50}[;,]/u.test(after) ? /(?<![\p{L}\p{N}])data$/iu.exec(before) : null))
  return scheme === null ? undefined : { start: end - scheme[0].length, end: restFrom(text, end + 1) }
}

function mailAt(text: string, { start, end }: Span): Span | undefined {
  if (text[start - 1] !== '@') return undefined
  const host = hostOf(text.slice(start, end))
  if (host === undefined || !/^\p{L}{2,24}$/u.test(host.top)) return undefined
  const local = /[\p{L}\p{N}._+-]+$/u.exec(text.slice(Math.max(0, start - 65), start - 1))
  if (local === null) return undefined
  const ends = endOf(text, start + host.end)
  return ends === undefined ? undefined : { start: start - 1 - local[0].length, end: ends }
}

function wwwAt(text: string, { start, end }: Span): Span | undefined {
  const at = text.slice(start, end).search(/(?<![\p{L}\p{N}])www\./iu)
  if (at < 0) return undefined
  const rest = restFrom(text, start + at + 4)
  return rest === start + at + 4 ? undefined : { start: start + at, end: rest }
}

/** `//host.name`, unless it is a division, or a call that a comment begins with. */
function bareAt(text: string, { start, end }: Span): Span | undefined {
  if (text[start - 1] !== '/' && text[start - 1] !== '\\') return undefined
  if (!/(?<![\p{L}\p{N})\]])[/\\]{2}$/u.test(text.slice(Math.max(0, start - 3), start))) return undefined
  const host = hostOf(text.slice(start, end))
  if (host === undefined || !/^\p{L}[\p{L}\p{N}-]+$/u.test(host.top)) return undefined
  if (/^[_([=]/u.test(text.slice(start + host.end, start + host.end + 1))) return undefined
  return { start: start - 2, end: restFrom(text, start + host.end) }
}

/** Without a path, `.net` is as likely a field of something in a program. */
const BARE = /^(?:com|org|ua|ru|укр)$/iu
const WITH_PATH =
  /^(?:com|org|ua|ru|укр|net|info|biz|xyz|io|top|site|online|club|shop|app|dev|me|cc|tv|co|ly|gg|link|click|live|store|tech|space|website|pro|fun|icu|vip|win|bid|ai|eu|de|pl|uk|us|by|kz|su|рф|tk|ml|ga|cf|gq|ws|to|cn|fr|ro|md|news|world|cloud|life|page|zip|mov)$/iu

function hostAt(text: string, { start, end }: Span): Span | undefined {
  const host = hostOf(text.slice(start, end))
  if (host === undefined || !(BARE.test(host.top) || WITH_PATH.test(host.top))) return undefined
  if (text[end] === '@') {
    RUN_AT.lastIndex = end + 1
    const next = RUN_AT.exec(text)
    // The whole of a mail address is found from its host.
    if (next !== null && mailAt(text, { start: end + 1, end: RUN_AT.lastIndex }) !== undefined) return undefined
  }
  const [from, to] = [start + host.start, start + host.end]
  if (to === end && text[to] === '/' && WITH_PATH.test(host.top) && !isDivision(text, from, to))
    return { start: from, end: restFrom(text, to) }
  const ends = BARE.test(host.top) ? endOf(text, to) : undefined
  return ends === undefined ? undefined : { start: from, end: ends }
}

const RUN_AT = /[\p{L}\p{N}.-]+/uy

/** `box.top/2`, `self.live/self.all`. */
const isDivision = (text: string, from: number, to: number) =>
  /^\/(?:[\d\s(]|$)/u.test(text.slice(to, to + 2)) || /^(?:self|this)\./u.test(text.slice(from, from + 5))

/** The name in a run, without the dots and hyphens around it; undefined when it has no dot. */
function hostOf(run: string): { start: number; end: number; top: string } | undefined {
  let [start, end] = [0, run.length]
  while (start < end && (run[start] === '.' || run[start] === '-')) start++
  while (end > start && run[end - 1] === '.') end--
  const dot = run.lastIndexOf('.', end - 1)
  return dot <= start ? undefined : { start, end, top: run.slice(dot + 1, end) }
}

/** Where a host without a path ends, with what is asked of it; undefined where it goes on as a word or a call. */
function endOf(text: string, at: number): number | undefined {
  const after = text.slice(at, at + 2)
  if (/^(?:[_(=]|\.[\p{L}\p{N}_])/u.test(after)) return undefined
  return /^[?#]/u.test(after) ? restFrom(text, at) : at
}

const REST = /[^\s<>"'“”«»]*/uy

function restFrom(text: string, at: number): number {
  REST.lastIndex = at
  REST.exec(text)
  return REST.lastIndex
}
