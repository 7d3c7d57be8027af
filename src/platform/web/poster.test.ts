import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Lookup } from './connector.ts'
import { createWebPoster } from './poster.ts'

const here: Lookup = async () => [{ address: '127.0.0.1', family: 4 }]

type Options = { lookup?: Lookup; totalMs?: number; allowHttp?: boolean; signal?: AbortSignal }

/** In these tests 127.0.0.1 alone plays the public internet. */
function post(url: string, { signal = new AbortController().signal, ...options }: Options = {}) {
  const poster = createWebPoster({
    ...{ allowHttp: true, lookup: here, allowAddress: (address: string) => address === '127.0.0.1' },
    ...options,
  })
  return poster.post(url, { headers: { 'content-type': 'application/json' }, body: '{"назва":"Цикли"}', signal })
}

async function listen(listener: RequestListener) {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request.setEncoding('utf8')) body += part
    bodies.push(`${request.method} ${request.headers.host?.split(':')[0]}${request.url} ${body}`)
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, bodies }
}

const status = (code: number, headers: Record<string, string> = {}): RequestListener => {
  return (_, response) => response.writeHead(code, headers).end('{}')
}

test('what is sent arrives, and the status comes back', async () => {
  const { port, bodies } = await listen(status(202))
  expect(await post(`http://public.example:${port}/гак?a=1`)).toEqual({ status: 202, retryAfterSeconds: null })
  expect(bodies).toEqual(['POST public.example/%D0%B3%D0%B0%D0%BA?a=1 {"назва":"Цикли"}'])
})

test.each([301, 302, 303, 307, 308])('a redirect (%i) is an answer, and not followed', async (code) => {
  const { port, bodies } = await listen(status(code, { location: '/b' }))
  expect((await post(`http://public.example:${port}/a`)).status).toBe(code)
  expect(bodies).toHaveLength(1)
})

test.each([
  ['120', 120],
  [new Date(Date.now() + 90_000).toUTCString(), 90],
  [new Date(Date.now() - 90_000).toUTCString(), 0],
  ['soon', null],
  ['-5', null],
])('Retry-After: %s', async (header, seconds) => {
  const { port } = await listen(status(503, { 'retry-after': header }))
  const { retryAfterSeconds } = await post(`http://public.example:${port}/`)
  if (seconds === null) expect(retryAfterSeconds).toBeNull()
  else expect(Math.abs((retryAfterSeconds ?? -99) - seconds)).toBeLessThanOrEqual(2)
})

test('an answer without end is not read to its end', async () => {
  let sent = 0
  const { port } = await listen((_, response) => {
    const write = () => {
      if (response.destroyed) return
      sent += 65_536
      response.write('x'.repeat(65_536), write)
    }
    write()
  })
  expect((await post(`http://public.example:${port}/`)).status).toBe(200)
  // The sockets' own buffers take some.
  expect(sent).toBeLessThan(16 * 1024 ** 2)
})

test('an answer that trickles is left after its head', async () => {
  const { port } = await listen((_, response) => void response.writeHead(200).write('x'))
  const before = performance.now()
  expect((await post(`http://public.example:${port}/`)).status).toBe(200)
  expect(performance.now() - before).toBeLessThan(5_000)
})

test('who does not answer is not waited for', async () => {
  const { port } = await listen(() => undefined)
  const error = { code: 'web.timeout', transient: true, message: 'The host did not answer within 0.2 s.' }
  await expect(post(`http://public.example:${port}/`, { totalMs: 200 })).rejects.toMatchObject(error)
})

test('an abort is told as it is', async () => {
  const { port } = await listen(() => undefined)
  const abort = new AbortController()
  const posted = post(`http://public.example:${port}/`, { signal: abort.signal })
  abort.abort(new Error('the worker stops'))
  await expect(posted).rejects.toThrow('the worker stops')
})

test.each(['http://10.1.2.3/', 'http://[::1]/', 'http://localhost/', 'http://lms.internal/', 'http://2130706434/'])(
  'a private address is refused as it is written: %s',
  async (url) => {
    await expect(post(url)).rejects.toMatchObject({ code: 'web.refused_address' })
  },
)

test('what is nearby is reached where that is allowed, under any name; what is link-local never', async () => {
  const { port, bodies } = await listen(status(200))
  const poster = createWebPoster({ allowHttp: true, reach: 'nearby', lookup: here })
  const posting = { headers: {}, body: '{}', signal: new AbortController().signal }
  for (const host of ['127.0.0.1', 'localhost', 'lms'])
    expect((await poster.post(`http://${host}:${port}/`, posting)).status).toBe(200)
  expect(bodies).toHaveLength(3)
  const lookup: Lookup = async () => [{ address: '169.254.169.254', family: 4 }]
  const other = createWebPoster({ allowHttp: true, reach: 'nearby', lookup })
  for (const url of ['http://169.254.169.254/', 'http://metadata/'])
    await expect(other.post(url, posting)).rejects.toMatchObject({ code: 'web.refused_address' })
})

test('a name that leads to a private address is refused, alone or among others', async () => {
  const { port, bodies } = await listen(status(200))
  for (const addresses of [['10.1.2.3'], ['127.0.0.1', '169.254.169.254']]) {
    const lookup: Lookup = async () => addresses.map((address) => ({ address, family: 4 }))
    const posted = post(`http://public.example:${port}/`, { lookup })
    await expect(posted).rejects.toMatchObject({ code: 'web.refused_address' })
  }
  expect(bodies).toEqual([])
})

test('a name is looked up once for each message, and what was checked is connected to', async () => {
  const { port, bodies } = await listen(status(200))
  const answers = ['127.0.0.1', '10.1.2.3']
  const lookup: Lookup = async () => [{ address: answers.shift() ?? '', family: 4 }]
  const poster = createWebPoster({ allowHttp: true, lookup, allowAddress: (address) => address === '127.0.0.1' })
  const posting = { headers: {}, body: '{}', signal: new AbortController().signal }
  expect((await poster.post(`http://public.example:${port}/`, posting)).status).toBe(200)
  expect(answers).toHaveLength(1)
  // The name now leads inside: the message after it does not go there, nor over the connection that there was.
  const second = poster.post(`http://public.example:${port}/`, posting)
  await expect(second).rejects.toMatchObject({ code: 'web.refused_address' })
  expect(bodies).toHaveLength(1)
})

test('plain http is refused where it will not do', async () => {
  const posted = post('http://public.example/', { allowHttp: false })
  await expect(posted).rejects.toMatchObject({ code: 'web.bad_url' })
})

test('a host that cannot be reached or found, or speaks no TLS', async () => {
  const { port } = await listen(status(200))
  const lookup: Lookup = async () => Promise.reject(new Error('ENOTFOUND'))
  await expect(post('http://public.example:1/')).rejects.toMatchObject({ code: 'web.bad_url' })
  await expect(post('http://public.example:1025/')).rejects.toMatchObject({ code: 'web.unreachable', transient: true })
  await expect(post('http://public.example/', { lookup })).rejects.toMatchObject({ code: 'web.unreachable' })
  const plain = post(`https://public.example:${port}/`)
  await expect(plain).rejects.toMatchObject({ message: expect.stringContaining('No secure connection') })
})
