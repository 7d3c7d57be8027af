import { Flood, Silence } from '../adapters/one-request.ts'
import type { Outcome } from '../ledger.ts'
import { askedPauseMs } from './backoff.ts'

/** Why an attempt ended without an answer. It never holds what was asked or answered. */
export type Fault = {
  outcome: Outcome
  /** The HTTP status, or that which the provider put into a response that had begun. */
  status?: number
  /** The error's own name: `insufficient_quota`, `ECONNREFUSED`. */
  code?: string
  /** Whether the same model may be asked again. */
  passes: boolean
  retryAfterMs?: number
  /** Whether it is certain that nothing was used. */
  isFree: boolean
  /** It is for whoever runs this installation to mend: our key, our balance, or a model that the provider does not have. */
  isOurs?: true
}

/** Reads an error of the providers' packages, of `fetch`, or out of a stream. `isSent`: the request has left. */
export function faultOf(error: unknown, isSent: boolean, now: Date): Fault {
  if (error instanceof Silence) return { outcome: 'timeout', passes: true, isFree: false }
  if (error instanceof Flood) return { outcome: 'malformed', passes: false, isFree: false }
  const { statusCode, responseHeaders, responseBody, data } = (error ?? {}) as ApiError
  const code = codeOf(error)
  const named = code === undefined ? {} : { code }
  // A response that broke off carries the status it began with.
  if (statusCode !== undefined && statusCode >= 400) {
    const retryAfterMs = askedPauseMs(responseHeaders, responseBody, now)
    const isKey = statusCode === 400 && BAD_KEY.test(responseBody ?? '')
    return {
      outcome: isKey ? 'unauthorized' : outcomeOf(statusCode),
      status: statusCode,
      ...named,
      passes: (statusCode === 429 && code !== 'insufficient_quota') || statusCode === 408 || statusCode >= 500,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      isFree: true,
      ...((isKey || OURS.includes(statusCode)) && { isOurs: true }),
    }
  }
  if (!isSent) return { outcome: 'rejected', ...named, passes: false, isFree: true }
  // The provider names no status for an error in a stream that had begun, or says what nobody understands.
  if (data !== undefined || !(error instanceof Error) || /JSONParse|TypeValidation|InvalidResponse/.test(error.name)) {
    return { outcome: 'server_error', ...named, passes: true, isFree: false }
  }
  return { outcome: 'network', ...named, passes: true, isFree: NEVER_CONNECTED.test(code ?? '') }
}

type ApiError = {
  statusCode?: number
  responseHeaders?: Record<string, string>
  responseBody?: string
  data?: unknown
}

const NEVER_CONNECTED =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_\w+)$/

// 402 is DeepSeek's for an empty balance: https://api-docs.deepseek.com/quick_start/error_codes. 404 is what all say of a model that is not there.
const OURS = [401, 402, 403, 404]

// Gemini calls a wrong key a wrong argument: https://ai.google.dev/gemini-api/docs/troubleshooting.
const BAD_KEY = /API_KEY_INVALID|API key not valid|API key expired/i

function outcomeOf(status: number): Outcome {
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 429) return 'rate_limited'
  if (status === 408) return 'timeout'
  return status >= 500 ? 'server_error' : 'rejected'
}

/** The first thing along the causes and in the provider's own body that looks like a name and not like a sentence. */
function codeOf(error: unknown): string | undefined {
  let current = error
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth += 1) {
    const { code, type, status, data, cause } = current as Record<string, unknown>
    const own = [code, type, status].find(isName) ?? bodyCode(data)
    if (own !== undefined) return own
    current = cause
  }
  return undefined
}

function bodyCode(data: unknown): string | undefined {
  const { error } = (typeof data === 'object' && data !== null ? data : {}) as { error?: unknown }
  const { code, status, type } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  return [code, status, type].find(isName)
}

const isName = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z_][\w.-]{2,60}$/.test(value)
