import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Address, Lookup } from './connector.ts'
import { createWebFetcher, type WebLimits } from './fetcher.ts'

const HTML = '<!doctype html><p>Привіт, світе!'
const page: RequestListener = (_, response) => response.setHeader('content-type', 'text/html').end(HTML)

const at = (...addresses: string[]): Address[] => addresses.map((address) => ({ address, family: 4 }))
const here: Lookup = async () => at('127.0.0.1')

type Options = { limits?: Partial<WebLimits>; lookup?: Lookup; signal?: AbortSignal }

/** In these tests 127.0.0.1 alone plays the public internet. */
function fetchPage(url: string, { limits = {}, lookup = here, signal = new AbortController().signal }: Options = {}) {
  const fetcher = createWebFetcher({ limits, lookup, allowAddress: (address) => address === '127.0.0.1' })
  return fetcher.fetchPage(url, { signal })
}

async function listen(listener: RequestListener): Promise<{ port: number; requests: string[] }> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.headers.host?.split(':')[0]}${request.url}`)
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, requests }
}

const answer = (headers: Record<string, string>, body: string | Buffer = HTML, status = 200): RequestListener => {
  return (_, response) => response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body)
}

test('a page, with what the server says of it', async () => {
  const { port, requests } = await listen(answer({ 'content-type': 'text/HTML; charset=Windows-1251' }))
  const fetched = await fetchPage(`http://public.example:${port}/урок`)
  expect(fetched).toMatchObject({
    url: `http://public.example:${port}/%D1%83%D1%80%D0%BE%D0%BA`,
    contentType: 'text/html',
    charset: 'Windows-1251',
  })
  expect(fetched.body.toString()).toBe(HTML)
  expect(fetched.fetchedAt).toBeInstanceOf(Date)
  expect(requests).toEqual(['public.example/%D1%83%D1%80%D0%BE%D0%BA'])
})

test('redirects are followed, relative ones too', async () => {
  const { port, requests } = await listen((request, response) => {
    if (request.url === '/a') response.writeHead(301, { location: `http://other.example:${port}/b` }).end()
    else if (request.url === '/b') response.writeHead(307, { location: 'c' }).end()
    else page(request, response)
  })
  expect((await fetchPage(`http://public.example:${port}/a`)).url).toBe(`http://other.example:${port}/c`)
  expect(requests).toEqual(['public.example/a', 'other.example/b', 'other.example/c'])
})

test('five redirects are followed, a sixth is not', async () => {
  const { port } = await listen((request, response) => {
    const left = Number(request.url?.slice(1))
    if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end()
    else page(request, response)
  })
  await expect(fetchPage(`http://public.example:${port}/5`)).resolves.toBeDefined()
  await expect(fetchPage(`http://public.example:${port}/6`)).rejects.toMatchObject({ code: 'web.too_many_redirects' })
})

test.each([
  ['http://127.0.0.2/', 'web.refused_address'],
  ['http://[::1]/', 'web.refused_address'],
  ['http://169.254.169.254/latest', 'web.refused_address'],
  ['http://localhost/', 'web.refused_address'],
  ['//minio/', 'web.refused_address'],
  ['file:///etc/passwd', 'web.bad_url'],
  ['http://user:secret@public.example/', 'web.bad_url'],
  ['http://public.example:25/', 'web.bad_url'],
  ['http://', 'web.bad_url'],
])('a redirect to %s is refused', async (location, code) => {
  const { port, requests } = await listen(answer({ location }, '', 302))
  await expect(fetchPage(`http://public.example:${port}/`)).rejects.toMatchObject({ code })
  expect(requests.length).toBe(1)
})

test('a name of a private address is refused, and the answer does not tell which', async () => {
  const { port, requests } = await listen(page)
  const lookup = async () => at('10.1.2.3')
  const refused = fetchPage(`http://inside.example:${port}/`, { lookup })
  await expect(refused).rejects.toMatchObject({ name: 'WebError', code: 'web.refused_address', transient: false })
  await expect(refused).rejects.not.toThrow('10.1.2.3')
  expect(requests).toEqual([])
})

test('one private address among several refuses the name', async () => {
  const { port, requests } = await listen(page)
  for (const addresses of [at('127.0.0.1', '192.168.0.1'), at('192.168.0.1', '127.0.0.1')]) {
    const refused = fetchPage(`http://mixed.example:${port}/`, { lookup: async () => addresses })
    await expect(refused).rejects.toMatchObject({ code: 'web.refused_address' })
  }
  expect(requests).toEqual([])
})

test('a name is looked up once a connection, so that it cannot change between check and use', async () => {
  const { port } = await listen(page)
  const lookup = vi.fn<Lookup>().mockResolvedValueOnce(at('127.0.0.1')).mockResolvedValue(at('10.0.0.1'))
  await expect(fetchPage(`http://rebinding.example:${port}/`, { lookup })).resolves.toBeDefined()
  expect(lookup).toHaveBeenCalledTimes(1)
})

test('a redirect is looked up and checked again, on the same name too', async () => {
  const { port, requests } = await listen(answer({ location: '/again', connection: 'close' }, '', 302))
  const lookup = vi.fn<Lookup>().mockResolvedValueOnce(at('127.0.0.1')).mockResolvedValue(at('10.0.0.1'))
  const refused = fetchPage(`http://rebinding.example:${port}/`, { lookup })
  await expect(refused).rejects.toMatchObject({ code: 'web.refused_address' })
  expect(requests).toEqual(['rebinding.example/'])
})

test('by default nothing local is reached, by name or by address', async () => {
  const { port, requests } = await listen(page)
  const strict = createWebFetcher({ lookup: here })
  for (const host of ['public.example', '127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
    const refused = strict.fetchPage(`http://${host}:${port}/`, { signal: new AbortController().signal })
    await expect(refused).rejects.toMatchObject({ code: 'web.refused_address' })
  }
  expect(requests).toEqual([])
})

test('a body that expands beyond the limit, and one that is longer than it', async () => {
  const limits = { maxBytes: 100_000 }
  const bomb = await listen(answer({ 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(10_000_000))))
  await expect(fetchPage(`http://bomb.example:${bomb.port}/`, { limits })).rejects.toMatchObject({
    code: 'web.too_large',
  })
  const declared = await listen((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-length': '200000' }).flushHeaders()
  })
  await expect(fetchPage(`http://big.example:${declared.port}/`, { limits })).rejects.toMatchObject({
    code: 'web.too_large',
  })
  const endless = await listen((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(16_384, ' ')));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  await expect(fetchPage(`http://endless.example:${endless.port}/`, { limits })).rejects.toMatchObject({
    code: 'web.too_large',
  })
})

test('an encoded page is decoded', async () => {
  const { port } = await listen(answer({ 'content-encoding': 'gzip' }, gzipSync(HTML)))
  expect((await fetchPage(`http://public.example:${port}/`)).body.toString()).toBe(HTML)
})

const stalls: [string, RequestListener][] = [
  ['that says nothing', () => undefined],
  [
    'that stops in the middle',
    (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).write('<p>'),
  ],
  [
    'that drips',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    },
  ],
]

test.each(stalls)('a host %s is given up at the deadline', async (_, listener) => {
  const { port } = await listen(listener)
  const late = fetchPage(`http://slow.example:${port}/`, { limits: { totalMs: 300 } })
  await expect(late).rejects.toMatchObject({ code: 'web.timeout', transient: true })
})

test('a name server that says nothing is given up at the deadline too', async () => {
  const lookup = () => new Promise<Address[]>(() => undefined)
  const late = fetchPage('http://slow.example/', { lookup, limits: { totalMs: 200 } })
  await expect(late).rejects.toMatchObject({ code: 'web.timeout' })
})

test('a host that never shakes hands is given up at the deadline too', async () => {
  const server = createTcpServer(() => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const late = fetchPage(`https://slow.example:${port}/`, { limits: { totalMs: 200 } })
  await expect(late).rejects.toMatchObject({ code: 'web.timeout' })
})

test('redirects do not buy time', async () => {
  const { port } = await listen((_, response) => {
    setTimeout(() => response.writeHead(302, { location: '/' }).end(), 100)
  })
  const late = fetchPage(`http://slow.example:${port}/`, { limits: { totalMs: 300, maxRedirects: 1000 } })
  await expect(late).rejects.toMatchObject({ code: 'web.timeout' })
})

test('an abort ends it with its own reason', async () => {
  const controller = new AbortController()
  const { port } = await listen(() => controller.abort(new Error('годі')))
  await expect(fetchPage(`http://public.example:${port}/`, { signal: controller.signal })).rejects.toThrow('годі')
  await expect(fetchPage(`http://public.example:${port}/`, { signal: controller.signal })).rejects.toThrow('годі')
})

test.each(['image/png', 'application/octet-stream', 'text/html2', ''])('the type %j is not read', async (type) => {
  const { port } = await listen((_, response) => {
    if (type) response.setHeader('content-type', type)
    response.end(HTML)
  })
  await expect(fetchPage(`http://public.example:${port}/`)).rejects.toMatchObject({ code: 'web.bad_type' })
})

test.each([
  [404, false],
  [403, false],
  [304, false],
  [300, false],
  [429, true],
  [503, true],
])('status %i is an error', async (status, transient) => {
  const { port } = await listen(answer({}, '', status))
  await expect(fetchPage(`http://public.example:${port}/`)).rejects.toMatchObject({
    code: 'web.bad_status',
    message: expect.stringContaining(String(status)),
    transient,
  })
})

test('a name that does not exist, a port where nobody listens and an answer that is not HTTP', async () => {
  const lookup = async () => Promise.reject(new Error('getaddrinfo ENOTFOUND at 10.0.0.53'))
  const unknown = fetchPage('http://nowhere.example/', { lookup })
  await expect(unknown).rejects.toMatchObject({
    code: 'web.unreachable',
    transient: true,
    message: 'The host could not be found.',
  })
  await expect(fetchPage('http://nowhere.example/', { lookup: async () => [] })).rejects.toMatchObject({
    code: 'web.unreachable',
  })

  const server = createTcpServer((socket) => socket.resume().end('220 smtp ready\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await expect(fetchPage(`http://mail.example:${port}/`)).rejects.toMatchObject({ code: 'web.unreachable' })
  await new Promise((resolve) => server.close(resolve))
  const closed = fetchPage(`http://closed.example:${port}/`)
  await expect(closed).rejects.toMatchObject({ code: 'web.unreachable', message: 'The host could not be reached.' })
})
