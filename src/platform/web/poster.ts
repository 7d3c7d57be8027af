import { lookup as systemLookup } from 'node:dns/promises'
import { Agent, type Dispatcher, request } from 'undici'
import { type AddressRule, addressRuleOf, type Reach } from './addresses.ts'
import { createGuardedConnector, type Lookup } from './connector.ts'
import { WebError } from './errors.ts'
import { requireUrl } from './refuse-url.ts'

export type Posting = { headers: Record<string, string>; body: string; signal: AbortSignal }

/** `retryAfterSeconds`: as the receiver asks, null when it does not. */
export type PostAnswer = { status: number; retryAfterSeconds: number | null }

export type WebPoster = {
  /** Sends one POST and follows nothing. Any status is an answer; without one it rejects with a `WebError`, or with the signal's reason. */
  post(url: string, posting: Posting): Promise<PostAnswer>
}

type Deps = {
  /** Whether plain http will do. */
  allowHttp?: boolean
  /** From the lookup to the answer's head. */
  totalMs?: number
  reach?: Reach
  /** Which addresses may be connected to, instead of all that are in reach. */
  allowAddress?: AddressRule
  lookup?: Lookup
}

const MAX_ANSWER_BYTES = 64 * 1024
/** What an answer has to say after its head interests nobody: this is only so that the receiver may finish. */
const DRAIN_MS = 1_000

/** Sends to addresses that strangers name, on the public internet only unless told otherwise. Every request resolves and checks the address anew. */
export function createWebPoster({
  allowHttp = false,
  totalMs = 10_000,
  reach = 'public',
  allowAddress = addressRuleOf(reach),
  lookup = (hostname) => systemLookup(hostname, { all: true }),
}: Deps = {}): WebPoster {
  return {
    async post(text, { headers, body, signal }) {
      signal.throwIfAborted()
      const url = requireUrl(text, { reach, isAllowed: allowAddress })
      if (!allowHttp && url.protocol !== 'https:')
        throw new WebError('web.bad_url', 'The URL must start with https://.')
      const deadline = new AbortController()
      const either = AbortSignal.any([signal, deadline.signal])
      const timer = setTimeout(() => deadline.abort(), totalMs)
      // One of its own for every request: no connection outlives the address check that it passed.
      const agent = new Agent({
        connect: createGuardedConnector({ lookup, isAllowed: allowAddress, signal: either }),
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      try {
        const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent, signal: either })
        await drain(answer.body)
        return { status: answer.statusCode, retryAfterSeconds: readRetryAfter(answer.headers['retry-after']) }
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof WebError) throw error
        throw deadline.signal.aborted ? timeout(totalMs, error) : unreachable(error)
      } finally {
        clearTimeout(timer)
        await agent.destroy()
      }
    },
  }
}

async function drain(body: Dispatcher.ResponseData['body']) {
  body.on('error', () => undefined)
  const timer = setTimeout(() => body.destroy(), DRAIN_MS)
  let size = 0
  try {
    for await (const part of body) {
      size += part.length
      if (size >= MAX_ANSWER_BYTES) break
    }
  } catch {
    // The status is known, and the rest is nobody's.
  } finally {
    clearTimeout(timer)
    body.destroy()
  }
}

/** Seconds or a date (RFC 9110, section 10.2.3). */
function readRetryAfter(header: string | string[] | undefined): number | null {
  const text = [header ?? []].flat()[0]?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text)
  const at = /^[A-Z][a-z]{2}, .* GMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1_000))
}

function timeout(totalMs: number, cause: unknown): WebError {
  const message = `The host did not answer within ${totalMs / 1_000} s.`
  return new WebError('web.timeout', message, { transient: true, cause })
}

function unreachable(cause: unknown): WebError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const isTls = /CERT|SELF_SIGNED|ISSUER|ERR_TLS|ERR_SSL/.test(code)
  const message = isTls ? `No secure connection could be made (${code}).` : 'The host could not be reached.'
  return new WebError('web.unreachable', message, { transient: true, cause })
}
