import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What came over the wire until the connection ended: HTTP as it was written. */
export type WireAnswer = { status: number; headers: Record<string, string>; body: string; text: string }

/** A bare connection, for what no well-behaved client sends. */
export type Wire = {
  socket: Socket
  send(text: string | Uint8Array): void
  /** The first complete answer; fails when the connection ends before. */
  answer(): Promise<WireAnswer>
  /** Resolves when the server has closed or cut the connection, with all that came. */
  ended(): Promise<string>
}

/** One that is `stubborn` goes on writing after the server has closed its side. */
export async function openWire(url: string, { stubborn = false } = {}): Promise<Wire> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: stubborn })
  await once(socket, 'connect')
  let text = ''
  const waiting = new Set<() => void>()
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    text += chunk
    for (const look of waiting) look()
  })
  // A connection that is cut while we write is what some tests want.
  socket.on('error', () => undefined)
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)))

  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    ended: () => closed,
    answer: () =>
      new Promise((resolve, reject) => {
        const look = () => {
          const answer = parseAnswer(text)
          if (answer === undefined) return
          waiting.delete(look)
          resolve(answer)
        }
        waiting.add(look)
        look()
        void closed.then(() => reject(new Error(`The connection ended after: ${text}`)))
      }),
  }
}

/** Sends one request as it is and returns what came back; the connection is closed. */
export async function exchange(url: string, request: string | Uint8Array): Promise<WireAnswer> {
  const wire = await openWire(url)
  try {
    wire.send(request)
    return await wire.answer()
  } finally {
    wire.socket.destroy()
  }
}

/** A request's head: `host` is added unless it is there. */
export function head(method: string, path: string, headers: Record<string, string | number> = {}): string {
  const lines = Object.entries({ host: 'test', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

function parseAnswer(text: string, whole = text): WireAnswer | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const status = Number(first.split(' ')[1])
  const rest = text.slice(end + 4)
  if (status === 100) return parseAnswer(rest, whole)
  const length = Number(headers['content-length'] ?? 0)
  if (Buffer.byteLength(rest) < length) return undefined
  return { status, headers, body: Buffer.from(rest).subarray(0, length).toString(), text: whole }
}
