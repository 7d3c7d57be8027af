import { setTimeout as pause } from 'node:timers/promises'

type Sent = { method?: string; headers?: Record<string, string>; body?: Uint8Array; signal: AbortSignal }

/** `code` is the name of the error that the server answered, after a space, or empty. */
type Answered = { status: number; headers: Headers; bytes: Uint8Array; code: string }

const ATTEMPTS = 3

/** A request with a presigned URL: no header but these, no key. What passes is tried again, as the store does. */
export async function sendSigned(url: string, { method = 'GET', headers = {}, body, signal }: Sent): Promise<Answered> {
  for (let attempt = 1; ; attempt += 1) {
    const content = body === undefined ? {} : { body: Buffer.from(body) }
    const response = await fetch(url, { method, headers, signal, redirect: 'manual', ...content })
    const bytes = new Uint8Array(await response.arrayBuffer())
    const passes = response.status >= 500 && response.status !== 501
    if (!(passes || response.status === 429) || attempt >= ATTEMPTS) {
      const [, code] = response.ok ? [] : (/<Code>(\w+)<\/Code>/.exec(Buffer.from(bytes).toString()) ?? [])
      return { status: response.status, headers: response.headers, bytes, code: code === undefined ? '' : ` ${code}` }
    }
    await pause(attempt * 200, undefined, { signal })
  }
}
