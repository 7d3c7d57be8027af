import { lookup as systemLookup } from 'node:dns/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { MIMEType } from 'node:util'
import { Agent, type Dispatcher, request } from 'undici'
import { type AddressRule, isPublicAddress } from './addresses.ts'
import { acceptedEncodings, readBody, tooLarge } from './body.ts'
import { createGuardedConnector, type Lookup } from './connector.ts'
import { WebError } from './errors.ts'
import { requireUrl } from './refuse-url.ts'

/** `url` is where the redirects ended. `contentType` is the bare type (`text/html`), `charset` what the server declared. */
export type WebPage = { url: string; contentType: string; charset: string | null; body: Buffer; fetchedAt: Date }

export type WebFetcher = {
  /** Fetches a page or a document. Rejects with a `WebError`, or with the signal's reason when aborted. */
  fetchPage(url: string, options: { signal: AbortSignal }): Promise<WebPage>
}

export type WebLimits = {
  /** Of the body, both as it comes in and as it comes out of its content encoding. */
  maxBytes: number
  /** From the first lookup to the last byte, redirects included. */
  totalMs: number
  maxRedirects: number
  /** Bare content types that are accepted. */
  types: readonly string[]
}

type Deps = {
  limits?: Partial<WebLimits>
  /** Which addresses may be connected to, instead of all public ones and no others. */
  allowAddress?: AddressRule
  lookup?: Lookup
  userAgent?: string
}

const defaultLimits: WebLimits = {
  maxBytes: 10 * 1024 * 1024,
  totalMs: 30_000,
  maxRedirects: 5,
  types: [
    'text/html',
    'application/xhtml+xml',
    'text/plain',
    'text/markdown',
    'text/x-markdown',
    'application/pdf',
    'text/vtt',
    'text/srt',
    'application/x-subrip',
  ],
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Fetches pages that strangers name, from the public internet only, within bounds of time and size. */
export function createWebFetcher({
  limits: changes = {},
  allowAddress = isPublicAddress,
  lookup = (hostname) => systemLookup(hostname, { all: true }),
  userAgent = 'Mozilla/5.0 (compatible; page reader)',
}: Deps = {}): WebFetcher {
  const limits = { ...defaultLimits, ...changes }
  const headers = {
    accept: limits.types.join(', '),
    'accept-encoding': acceptedEncodings,
    'user-agent': userAgent,
  }

  async function follow(text: string, dispatcher: Agent, signal: AbortSignal): Promise<WebPage> {
    let url = requireUrl(text, { isAllowed: allowAddress })
    for (let redirects = 0; redirects <= limits.maxRedirects; redirects += 1) {
      const answer = await request(url, { headers, dispatcher, signal })
      const location = answer.headers['location']
      if (!REDIRECTS.has(answer.statusCode) || typeof location !== 'string') return read(url, answer)
      // Its failing is of no interest any more.
      answer.body.on('error', () => undefined).destroy()
      url = requireUrl(resolve(location, url), { isAllowed: allowAddress })
    }
    throw new WebError('web.too_many_redirects', `The address redirects more than ${limits.maxRedirects} times.`)
  }

  async function read(url: URL, { statusCode, headers, body }: Dispatcher.ResponseData): Promise<WebPage> {
    body.on('error', () => undefined)
    if (statusCode < 200 || statusCode >= 300) throw badStatus(statusCode)
    const { type, charset } = typeOf(headers)
    if (!limits.types.includes(type)) {
      throw new WebError('web.bad_type', 'The address leads to a kind of content that cannot be read.')
    }
    if (Number(headers['content-length']) > limits.maxBytes) throw tooLarge(limits.maxBytes)
    const encoding = String(headers['content-encoding'] ?? '')
    const content = await readBody(body, { encoding, maxBytes: limits.maxBytes })
    return { url: url.href, contentType: type, charset, body: content, fetchedAt: new Date() }
  }

  return {
    async fetchPage(url, { signal }) {
      signal.throwIfAborted()
      const deadline = new AbortController()
      const either = AbortSignal.any([signal, deadline.signal])
      const timer = setTimeout(() => deadline.abort(), limits.totalMs)
      // One of its own for every page, gone with it: no connection outlives the address check that it passed.
      const agent = new Agent({
        connect: createGuardedConnector({ lookup, isAllowed: allowAddress, signal: either }),
        // The deadline above is the only one.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      try {
        return await follow(url, agent, either)
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof WebError) throw error
        throw deadline.signal.aborted ? timeout(error) : unreachable(error)
      } finally {
        clearTimeout(timer)
        await agent.destroy()
      }
    },
  }
}

function resolve(location: string, base: URL): string {
  return URL.parse(location, base.href)?.href ?? location
}

function typeOf(headers: IncomingHttpHeaders): { type: string; charset: string | null } {
  try {
    const mime = new MIMEType(headers['content-type'] ?? '')
    return { type: mime.essence, charset: mime.params.get('charset') }
  } catch {
    return { type: '', charset: null }
  }
}

function badStatus(status: number): WebError {
  const transient = status >= 500 || status === 429 || status === 408
  return new WebError('web.bad_status', `The host answered with status ${status}.`, { transient })
}

function timeout(cause: unknown): WebError {
  return new WebError('web.timeout', 'The page did not arrive in time.', { transient: true, cause })
}

function unreachable(cause: unknown): WebError {
  return new WebError('web.unreachable', 'The host could not be reached.', { transient: true, cause })
}
