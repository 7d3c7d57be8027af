import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

type Service = {
  mem_limit?: string
  pids_limit?: number
  restart?: string
  logging?: object
  profiles?: string[]
  ports?: unknown
}

const text = readFileSync('docker-compose.prod.yaml', 'utf8')
const example = readFileSync('.env.prod.example', 'utf8')
const { services } = parse(text, { merge: true }) as { services: Record<string, Service> }

const named = (pattern: RegExp, where: string) => new Set([...where.matchAll(pattern)].map(([, name]) => name))

test('.env.prod.example explains every variable of the compose file, and no other', () => {
  expect(named(/^#?([A-Z][A-Z0-9_]+)=/gm, example)).toEqual(named(/\$\{([A-Z][A-Z0-9_]+)/g, text))
})

test('what has no default is refused when it is missing', () => {
  const needed = named(/\$\{([A-Z][A-Z0-9_]+):\?/g, text)
  const given = named(/^([A-Z][A-Z0-9_]+)=/gm, example)
  expect(given).toEqual(needed)
  expect([...text.matchAll(/\$\{[A-Z][A-Z0-9_]+\}/g)]).toEqual([])
})

test.each(Object.entries(services))(
  '%s is bounded in memory, processes and logs, and publishes no port',
  (_, service) => {
    expect(service).toMatchObject({ mem_limit: expect.stringMatching(/^\d+m$/), pids_limit: expect.any(Number) })
    expect(service.logging).toEqual({ driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } })
    expect(service.restart).toBe(service.profiles ? 'no' : 'unless-stopped')
    expect(service.ports).toBeUndefined()
  },
)

test('all limits are less than 2 GB together, with a second app and its smoke test', () => {
  const limits = Object.entries(services).map(([name, service]) => [name, Number.parseInt(service.mem_limit ?? '', 10)])
  const of = Object.fromEntries(limits) as Record<string, number>
  const standing = Object.entries(services).flatMap(([name, { profiles }]) =>
    profiles ? [] : [of[name] ?? Number.NaN],
  )
  const sum = standing.reduce((all, one) => all + one, 0)
  const smoke = Number(/--memory (\d+)m/.exec(readFileSync('deploy/release/smoke.sh', 'utf8'))?.[1])
  expect(sum + (of['app-cs'] ?? Number.NaN) + smoke).toBeLessThan(2_048)
})
