import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebPoster } from '#platform/web/index.ts'
import { createWebPoster } from '#platform/web/poster.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body, and fails when that is not there
export type Received = { path: string; headers: IncomingHttpHeaders; body: string; json: any }

export type Receiver = {
  /** The address of a path under a public name. */
  at(path: string, host?: string): string
  received: Received[]
  /** What it answers from now on; 204 until told otherwise. */
  answer: (response: ServerResponse, message: Received) => unknown
  /** A poster for which this server is the public internet: `*.inside.example` leads to a private network. */
  poster: WebPoster
  /** Whether the message was signed with this secret, by the convention's own words and none of our code. */
  isSigned(message: Received, secret: string): boolean
  close(): void
}

/** Somebody's server that is told of events, in this process. */
export async function startReceiver(): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const body = Buffer.concat(parts).toString()
    const message = { path: request.url ?? '', headers: request.headers, body, json: JSON.parse(body) }
    receiver.received.push(message)
    await receiver.answer(response, message)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    at: (path, host = 'public.example') => `http://${host}:${port}${path}`,
    received: [],
    answer: (response) => response.writeHead(204).end(),
    poster: createWebPoster({
      allowHttp: true,
      allowAddress: (address) => address === '127.0.0.1',
      lookup: async (name) => [{ address: name.endsWith('inside.example') ? '10.1.2.3' : '127.0.0.1', family: 4 }],
    }),
    isSigned: ({ headers, body }, secret) => {
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
      const expected = createHmac('sha256', key).update(signed).digest('base64')
      return String(headers['webhook-signature']).split(' ').includes(`v1,${expected}`)
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return receiver
}
