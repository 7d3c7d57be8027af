import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PAGE_TYPES } from '#features/materials/index.ts'
import { createWebFetcher } from '#platform/web/fetcher.ts'
import type { WebFetcher } from '#platform/web/index.ts'

export type WebSite = {
  /** The address of a path under a public name. */
  at(path: string, host?: string): string
  /** What the site answers to a path from now on. */
  serve(path: string, answer: RequestListener): void
  /** A fetcher for which this site is the public internet: `*.public.example` leads to it, `*.inside.example` to a private network. */
  web: WebFetcher
  close(): void
}

/** A web site in this process. */
export async function startWebSite(): Promise<WebSite> {
  const answers = new Map<string, RequestListener>()
  const server = createServer((request, response) => {
    const answer = answers.get(request.url ?? '')
    if (answer) answer(request, response)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    at: (path, host = 'public.example') => `http://${host}:${port}${path}`,
    serve: (path, answer) => void answers.set(path, answer),
    web: createWebFetcher({
      limits: { types: PAGE_TYPES },
      allowAddress: (address) => address === '127.0.0.1',
      lookup: async (name) => [{ address: name.endsWith('inside.example') ? '10.1.2.3' : '127.0.0.1', family: 4 }],
    }),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Answers with these bytes. */
export function page(type: string, body: string | Uint8Array, status = 200): RequestListener {
  return (_, response) => response.writeHead(status, { 'content-type': type }).end(body)
}

/** Answers with `then` once it is released. `asked` resolves when somebody waits for it. */
export function held(then: RequestListener) {
  const asked = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const answer: RequestListener = (request, response) => {
    asked.resolve()
    void released.promise.then(() => then(request, response))
  }
  return { answer, asked: asked.promise, release: () => released.resolve() }
}
