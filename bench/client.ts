// A process that sends bodies as fast as they are taken, always out of the same memory, and tells how long it took.
import { once } from 'node:events'
import { request as ask } from 'node:http'

export type Sending = {
  url: string
  method: string
  headers: Record<string, string>
  /** Bytes of the file, and what stands around them in the body. */
  size: number
  before?: string
  after?: string
}

/** `ms` until the last of them was answered. */
export type Sent = { ms: number; answers: { status: number; headers: Record<string, string>; body: string }[] }

const chunk = Buffer.alloc(1024 * 1024, 'Матеріал курсу. ')

process.on('disconnect', () => process.exit())
process.on('message', async (sendings: Sending[]) => {
  const started = performance.now()
  const answers = await Promise.all(sendings.map(send))
  const sent: Sent = { ms: performance.now() - started, answers }
  process.send?.(sent)
})

async function send({
  url,
  method,
  headers,
  size,
  before = '',
  after = '',
}: Sending): Promise<Sent['answers'][number]> {
  const length = Buffer.byteLength(before) + size + Buffer.byteLength(after)
  const request = ask(url, { method, headers: { ...headers, 'content-length': String(length) }, agent: false })
  const answered = once(request, 'response')
  answered.catch(() => undefined)
  if (before !== '') request.write(before)
  for (let left = size; left > 0; left -= chunk.byteLength) {
    if (!request.write(left < chunk.byteLength ? chunk.subarray(0, left) : chunk)) {
      // An answer before the end of the body is a refusal.
      await Promise.race([once(request, 'drain'), answered])
    }
  }
  request.end(after)
  const [response] = await answered
  let body = ''
  for await (const piece of response.setEncoding('utf8')) body += piece
  const shown = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
  return { status: response.statusCode, headers: Object.fromEntries(shown), body }
}
