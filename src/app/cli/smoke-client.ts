import { setTimeout as sleep } from 'node:timers/promises'

/** What came back. `body` is the parsed JSON, or the text where it is none. */
export type SmokeAnswer = { status: number; headers: Headers; body: unknown }

export type SmokeRequest = { key?: string | undefined; json?: unknown; text?: string; follow?: boolean }

export type SmokeClient = (method: string, path: string, request?: SmokeRequest) => Promise<SmokeAnswer>

const REQUEST_MS = 20_000
const LONGEST_WAIT_SECONDS = 61
// An answer that is longer is none of ours.
const MOST_BYTES = 8 * 1024 * 1024

/**
 * Speaks HTTP as an integrator does. A limit that is used up is waited for, once a request; every other answer is handed back as it came.
 * A key goes along no redirect. Throws what the network says, in one line.
 */
export function createSmokeClient(base: string, signal: AbortSignal): SmokeClient {
  async function once(method: string, path: string, { key, json, text, follow = false }: SmokeRequest) {
    const body = json === undefined ? text : JSON.stringify(json)
    const type = json === undefined ? 'text/markdown' : 'application/json'
    try {
      const response = await fetch(base + path, {
        method,
        redirect: follow && key === undefined ? 'follow' : 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
        headers: {
          'user-agent': 'course-supporter-smoke',
          ...(key === undefined ? {} : { 'x-api-key': key }),
          ...(body === undefined ? {} : { 'content-type': type }),
        },
        ...(body === undefined ? {} : { body }),
      })
      return { status: response.status, headers: response.headers, body: parsed(await textOf(response)) }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw new Error(`${method} ${path.split('?', 1)[0]}: ${reasonOf(error)}`, { cause: error })
    }
  }

  return async (method, path, request = {}) => {
    const answer = await once(method, path, request)
    const wait = Number(answer.headers.get('retry-after'))
    if (answer.status !== 429 || !(wait >= 1 && wait <= LONGEST_WAIT_SECONDS)) return answer
    await sleep(wait * 1_000, undefined, { signal }).catch(() => signal.throwIfAborted())
    return once(method, path, request)
  }
}

async function textOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.length
    if (size > MOST_BYTES) throw new Error('the answer is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** `fetch failed` says nothing: its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${REQUEST_MS / 1_000} s`
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message || error.name
}
