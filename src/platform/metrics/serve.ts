import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CONTENT_TYPE, exposition, type Family } from './exposition.ts'

type Options = {
  host: string
  port: number
  read: () => Promise<readonly Family[]>
  onError: (error: unknown) => void
}

export type MetricsServer = { url: string; close(): Promise<void> }

const DEADLINE = 10_000

/** Serves `GET /metrics` on a port of its own, which nothing but monitoring should reach: it asks for no key. Rejects when the port is taken. */
export async function serveMetrics({ host, port, read, onError }: Options): Promise<MetricsServer> {
  const server = createServer({ requestTimeout: DEADLINE, headersTimeout: DEADLINE }, async (request, response) => {
    const isAsked = request.url === '/metrics' && (request.method === 'GET' || request.method === 'HEAD')
    if (!isAsked) return void response.writeHead(404).end()
    try {
      const text = exposition(await read())
      response.writeHead(200, { 'content-type': CONTENT_TYPE, 'cache-control': 'no-store' })
      response.end(request.method === 'HEAD' ? undefined : text)
    } catch (error) {
      onError(error)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    }
  })
  server.listen(port, host)
  await once(server, 'listening')
  const { port: opened } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${opened}/metrics`,
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
