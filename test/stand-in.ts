import { createServer, type IncomingMessage } from 'node:http'

export type Asked = { method: string; path: string }
export type StandInAnswer = { status: number; headers: Record<string, string>; body: string }
export type Spoil = (asked: Asked, answer: StandInAnswer) => StandInAnswer

let standIns = 0

/** A server before the real one that spoils its answers, and keeps from it what `swallows` says: that is answered with an empty 204. Clients have an address of its own, where it is believed. */
export async function startStandIn(url: string, spoil: Spoil, swallows: (asked: Asked) => boolean = () => false) {
  const client = `192.0.2.${++standIns}`
  const server = createServer(async (request, response) => {
    const asked = { method: request.method ?? '', path: request.url ?? '' }
    const answer = swallows(asked) ? { status: 204, headers: {}, body: '' } : await askBehind(url, request, client)
    const { status, headers, body } = spoil({ ...asked, path: asked.path.split('?', 1)[0] ?? '' }, answer)
    response.writeHead(status, headers).end(status === 204 ? undefined : body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  }
}

// What speaks of one connection alone, or of a length that is no longer true.
const OWN = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'content-encoding', 'host'])

async function askBehind(url: string, request: IncomingMessage, client: string): Promise<StandInAnswer> {
  const body = Buffer.concat(await request.toArray())
  const headers = Object.entries(request.headers).filter(([name]) => !OWN.has(name))
  const response = await fetch(url + request.url, {
    method: request.method ?? 'GET',
    redirect: 'manual',
    headers: {
      ...Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
      'x-forwarded-for': client,
    },
    ...(body.length > 0 ? { body } : {}),
  })
  return {
    status: response.status,
    headers: Object.fromEntries([...response.headers].filter(([name]) => !OWN.has(name))),
    body: await response.text(),
  }
}
