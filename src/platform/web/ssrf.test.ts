import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib'
import { expect, onTestFinished, test, vi } from 'vitest'
import { isPublicAddress } from './addresses.ts'
import type { Address, Lookup } from './connector.ts'
import { createWebFetcher, type WebLimits } from './fetcher.ts'
import { refuseUrl } from './refuse-url.ts'

const HTML = '<!doctype html><p>Привіт, світе!'
const MIB = 1024 * 1024
const HERE: Address = { address: '127.0.0.1', family: 4 }

type Options = { limits?: Partial<WebLimits>; lookup?: Lookup }

/** Here 127.0.0.1 alone plays the public internet: by its name only, for the URL is judged by the real rule. */
function fetchPage(url: string, { limits = {}, lookup = async () => [HERE] }: Options = {}) {
  const allowAddress = (address: string) => address === HERE.address || isPublicAddress(address)
  const refused = refuseUrl(url)
  if (refused !== null) throw new Error(refused)
  return createWebFetcher({ limits, lookup, allowAddress }).fetchPage(url, { signal: new AbortController().signal })
}

async function listen(listener: RequestListener): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, HERE.address, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, asked }
}

/** Every writing of an inner address, and what is no web page at all. */
const inner = [
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.1.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://100.64.0.1/',
  'http://0.0.0.0/',
  'http://255.255.255.255/',
  'http://[::1]/',
  'http://[fc00::1]/',
  'http://[fe80::1]/',
  'http://[::ffff:10.0.0.1]/',
  'http://[64:ff9b::a00:1]/',
  'http://[2002:a00:1::]/',
  'http://167772161/',
  'http://0xa000001/',
  'http://012.0.0.1/',
  'http://10.1/',
  'http://10.0.0.1./',
  'http://localhost:5432/',
  'http://redis/',
]
const foreign = ['file:///etc/passwd', 'gopher://public.example:70/_x', 'ftp://public.example/', 'data:text/html,hi']
const odd = [
  'http://user:secret@public.example/',
  'http://public.example@10.0.0.1/',
  'http://public.example:22/',
  'http://public.example:25/',
  'http://public.example:111/',
  'http://[fe80::1%25eth0]/',
]

test.each([...inner, ...foreign, ...odd])('%s is refused as it is written', (url) => {
  expect(refuseUrl(url)).not.toBeNull()
})

test.each([301, 302, 303, 307, 308])('a redirect of status %i leads to nothing that is refused', async (status) => {
  for (const location of [...inner, ...foreign, ...odd]) {
    const { port, asked } = await listen((_, response) => response.writeHead(status, { location }).end())
    const lookup = vi.fn<Lookup>().mockResolvedValue([HERE])
    const code = expect.stringMatching(/^web\.(?:refused_address|bad_url)$/)
    await expect(fetchPage(`http://public.example:${port}/`, { lookup }), location).rejects.toMatchObject({ code })
    expect(asked).toEqual(['/'])
    expect(lookup).toHaveBeenCalledTimes(1)
  }
})

test('a page that refreshes itself to elsewhere is the page, by its head and by its header', async () => {
  const meta = '<meta http-equiv="refresh" content="0; url=/inner">'
  const { port, asked } = await listen((_, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html', refresh: '0; url=/inner', location: '/inner' })
      .end(meta + HTML)
  })
  const { url, body } = await fetchPage(`http://public.example:${port}/`)
  expect([url, `${body}`]).toEqual([`http://public.example:${port}/`, meta + HTML])
  expect(asked).toEqual(['/'])
})

test.each<[string, string, number]>([
  ['an inner IPv6 address', 'fd00::1', 6],
  ['a mapped one', '::ffff:10.0.0.1', 6],
  ['one behind NAT64', '64:ff9b::a00:1', 6],
  ['a 6to4 one', '2002:a00:1::', 6],
  ['the host of the metadata', '169.254.169.254', 4],
  ['what is no address', 'localhost', 4],
])('a name that leads to %s besides a public address is refused', async (_, address, family) => {
  const { port, asked } = await listen((_request, response) => response.end(HTML))
  for (const addresses of [
    [HERE, { address, family }],
    [{ address, family }, HERE],
  ]) {
    const lookup: Lookup = async () => addresses
    const refused = fetchPage(`http://mixed.example:${port}/`, { lookup })
    await expect(refused).rejects.toMatchObject({ code: 'web.refused_address' })
  }
  expect(asked).toEqual([])
})

test('a name server that changes its mind at every question is believed once a connection, and checked each time', async () => {
  const { port, asked } = await listen((request, response) => {
    if (request.url === '/') response.writeHead(302, { location: '/next', connection: 'close' }).end()
    else response.writeHead(200, { 'content-type': 'text/html' }).end(HTML)
  })
  const answers = [HERE, HERE, { address: '10.0.0.1', family: 4 }]
  const lookup = vi.fn<Lookup>(async () => [answers.shift() ?? { address: '10.0.0.1', family: 4 }])
  await expect(fetchPage(`http://rebinding.example:${port}/`, { lookup })).resolves.toMatchObject({
    body: expect.anything(),
  })
  expect(asked).toEqual(['/', '/next'])
  expect(lookup).toHaveBeenCalledTimes(2)
  await expect(fetchPage(`http://rebinding.example:${port}/`, { lookup })).rejects.toMatchObject({
    code: 'web.refused_address',
  })
  expect(asked).toEqual(['/', '/next'])
})

test('a proxy that the environment names is not used: it would look names up itself', async () => {
  const { port, asked } = await listen((_, response) => response.end())
  for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) vi.stubEnv(name, `http://127.0.0.1:${port}`)
  vi.stubEnv('NODE_USE_ENV_PROXY', '1')
  onTestFinished(() => void vi.unstubAllEnvs())
  const lookup: Lookup = async () => [{ address: '10.0.0.1', family: 4 }]
  await expect(fetchPage('http://inner.example/', { lookup })).rejects.toMatchObject({ code: 'web.refused_address' })
  expect(asked).toEqual([])
})

const zeros = Buffer.alloc(64 * MIB)
const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }
const bombs: [string, string, () => Buffer][] = [
  ['gzip', 'gzip', () => gzipSync(zeros)],
  ['brotli', 'br', () => brotliCompressSync(zeros, quick)],
  ['deflate', 'deflate', () => deflateSync(zeros)],
  ['gzip in gzip', 'gzip, gzip', () => gzipSync(gzipSync(zeros))],
  ['gzip in brotli', 'gzip, br', () => brotliCompressSync(gzipSync(zeros), quick)],
]

test.each(bombs)(
  'a bomb in %s is larger than the 10 MiB that a page may have, and costs little',
  async (_, encoding, make) => {
    const body = make()
    expect(body.length).toBeLessThan(MIB)
    const { port } = await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': encoding }).end(body)
    })
    const before = process.memoryUsage.rss()
    await expect(fetchPage(`http://bomb.example:${port}/`)).rejects.toMatchObject({ code: 'web.too_large' })
    expect(process.memoryUsage.rss() - before).toBeLessThan(60 * MIB)
  },
)

test('a host that drips headers is given up at the deadline', async () => {
  const { port } = await listen((_, response) => {
    const timer = setInterval(() => response.socket?.write('x-a: b\r\n'), 20)
    response.socket?.write('HTTP/1.1 200 OK\r\n')
    response.on('close', () => clearInterval(timer))
  })
  const late = fetchPage(`http://slow.example:${port}/`, { limits: { totalMs: 300 } })
  await expect(late).rejects.toMatchObject({ code: expect.stringMatching(/timeout|unreachable/) })
})
