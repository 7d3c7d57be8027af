import { request } from 'node:http'
import { expect, test } from 'vitest'
import { exposition } from './exposition.ts'
import { countersOf, createRegistry, mergeFamilies, serveMetrics } from './index.ts'

test('counters count by labels, whatever was read before stays as it was', async () => {
  const registry = createRegistry()
  const counter = registry.counter({ name: 'a_total', help: 'A.' })
  counter.add({ kind: 'x' })
  const before = await registry.snapshot()
  counter.add({ kind: 'x' }, 2)
  counter.add({ kind: 'y' }, 0)
  expect(exposition(before)).toContain('a_total{kind="x"} 1\n')
  const after = exposition(await registry.snapshot())
  expect(after).toContain('a_total{kind="x"} 3\n')
  expect(after).toContain('a_total{kind="y"} 0\n')
})

test('a histogram counts up: each bucket holds those below, +Inf all', async () => {
  const registry = createRegistry()
  const histogram = registry.histogram({ name: 'd_seconds', help: 'D.', bounds: [0.1, 1] })
  for (const value of [0.1, 0.5, 7]) histogram.observe(value, { route: '/a' })
  expect(exposition(await registry.snapshot())).toBe(`# HELP d_seconds D.
# TYPE d_seconds histogram
d_seconds_bucket{route="/a",le="0.1"} 1
d_seconds_bucket{route="/a",le="1"} 2
d_seconds_bucket{route="/a",le="+Inf"} 3
d_seconds_sum{route="/a"} 7.6
d_seconds_count{route="/a"} 3
`)
})

test('a gauge is asked each time; a source that fails is left out alone', async () => {
  const registry = createRegistry()
  let value: number | undefined
  registry.gauge({ name: 'g', help: 'G.' }, () => value)
  registry.collect(async () => Promise.reject(new Error('away')))
  expect(exposition(await registry.snapshot())).toBe('')
  value = 2
  expect(exposition(await registry.snapshot())).toContain('\ng 2\n')
})

test('processes are added up, and of what each sees of the whole the largest counts', async () => {
  const one = (requests: number, waiting: number) => {
    const registry = createRegistry()
    registry.counter({ name: 'a_total', help: 'A.' }).add({ status: '2xx' }, requests)
    registry.gauge({ name: 'waiting', help: 'W.', across: 'max' }, () => waiting)
    return registry.snapshot()
  }
  const [first, second] = [await one(3, 5), await one(4, 6)]
  const text = exposition(mergeFamilies([first, second, countersOf(first)]))
  expect(text).toContain('a_total{status="2xx"} 10\n')
  expect(text).toContain('waiting 6\n')
  expect(first[0]?.samples[0]?.value).toBe(3)
})

test('is served as text at one address and nowhere else; what fails is a bare 500', async () => {
  const errors: unknown[] = []
  let fails = false
  const read = async () => {
    if (fails) throw new Error('SECRET')
    return [{ name: 'a', help: 'A.', type: 'gauge', across: 'max', samples: [{ labels: {}, value: 1 }] } as const]
  }
  const server = await serveMetrics({ host: '127.0.0.1', port: 0, read, onError: (error) => errors.push(error) })
  const response = await fetch(server.url)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await response.text()).toBe('# HELP a A.\n# TYPE a gauge\na 1\n')
  expect((await fetch(`${server.url}/x`)).status).toBe(404)
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(404)
  fails = true
  const failed = await fetch(server.url)
  expect([failed.status, await failed.text(), errors.length]).toEqual([500, '', 1])
  await server.close()
  await expect(new Promise((_, reject) => request(server.url).on('error', reject).end())).rejects.toThrow(
    'ECONNREFUSED',
  )
})
