import type { WebPage } from '#platform/web/index.ts'

/** As long as an address may be that a client gives us. */
const MAX_URL = 2_048

// A head that is longer is one whose author does not mind.
const MAX_HEAD_BYTES = 256 * 1024
const MAX_TAG = 4_096
const MAX_LINKS = 200

type Page = Pick<WebPage, 'url' | 'contentType' | 'charset' | 'body'>

/**
 * The address to cite: what the head of an HTML page says (RFC 6596), or where the redirects ended. A page speaks for its own host only.
 * Null when it is longer than an address may be.
 */
export function canonicalUrl({ url, contentType, charset, body }: Page): string | null {
  const isHtml = contentType === 'text/html' || contentType === 'application/xhtml+xml'
  const said = isHtml ? saidBy(decoded(body.subarray(0, MAX_HEAD_BYTES), charset)) : undefined
  const own = new URL(url)
  const chosen = (said === undefined ? undefined : acceptable(said, own)) ?? own
  chosen.hash = ''
  return chosen.href.length <= MAX_URL ? chosen.href : null
}

function acceptable(href: string, own: URL): URL | undefined {
  const url = URL.parse(href.replaceAll('&amp;', '&'), own.href)
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (!url || !isWeb || url.username || url.password || url.href.length > MAX_URL) return undefined
  return withoutWww(url) === withoutWww(own) ? url : undefined
}

const withoutWww = ({ host }: URL) => host.replace(/^www\./, '')

// It looks for one tag and goes forward only: the page may be hostile, and is parsed by nobody but the child process.
function saidBy(html: string): string | undefined {
  const marks = /<!--|<(script|style|title|link|body)\b|<\/head\b/gi
  let links = 0
  for (let mark = marks.exec(html); mark !== null; mark = marks.exec(html)) {
    const name = mark[1]?.toLowerCase()
    if (name === 'link') {
      const href = hrefOf(html.slice(mark.index, mark.index + MAX_TAG))
      if (href !== undefined) return href
      links += 1
      if (links >= MAX_LINKS) return undefined
    } else {
      const end = mark[0] === '<!--' ? /-->/g : name === undefined || name === 'body' ? undefined : ENDS[name]
      if (end === undefined) return undefined
      end.lastIndex = mark.index
      if (end.exec(html) === null) return undefined
      marks.lastIndex = end.lastIndex
    }
  }
  return undefined
}

const ENDS: Record<string, RegExp> = { script: /<\/script/gi, style: /<\/style/gi, title: /<\/title/gi }

function hrefOf(text: string): string | undefined {
  const attributes = /\s(rel|href)\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))|>/gi
  let isCanonical = false
  let href: string | undefined
  for (const [whole, name, double, single, bare] of text.matchAll(attributes)) {
    if (whole === '>') break
    const value = double ?? single ?? bare ?? ''
    if (name?.toLowerCase() === 'href') href ??= value.trim()
    else isCanonical ||= value.toLowerCase().split(/\s+/).includes('canonical')
  }
  return isCanonical ? href : undefined
}

function decoded(bytes: Uint8Array, charset: string | null): string {
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(bytes)
  } catch {
    return new TextDecoder('utf-8').decode(bytes)
  }
}
