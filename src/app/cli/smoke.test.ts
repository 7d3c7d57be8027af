import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { until } from '#test/build.ts'
import type { Client } from '#test/client.ts'
import { commandLine } from '#test/command-line.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { spawnProgram } from '#test/program.ts'
import { type Spoil, startStandIn } from '#test/stand-in.ts'

let app: TestApp
let tester: Client & { key: string }

beforeAll(async () => {
  // Each stand-in has an address of its own: keys are refused in all of them.
  app = await startApp({ worker: true, trustedProxies: ['127.0.0.1'] })
  tester = await app.as('Перевірка', ['prep'])
})
afterAll(() => app.close())

type Row = { what: string; result: string; seconds: number; detail: string | null }

const WHAT = [
  'health: db, s3',
  'documentation',
  'security headers',
  '401 without a key',
  '401 with an unknown key',
  'the key is accepted',
  'rate-limit headers',
  '403 beyond the scope',
  'a course: create',
  'a course: read',
  'a small file to done',
  'a course: delete',
  'nothing is left',
]

async function smoke(url: string, key: string, ...more: string[]) {
  const result = await commandLine({}, `${key}\n`).run('smoke', url, '--key', '-', '--json', ...more)
  const found: { ok: boolean; rows: Row[] } = JSON.parse(result.out)
  const of = (result: string) => found.rows.filter((row) => row.result === result).map(({ what }) => what)
  return { ...result, ...found, failed: of('failed'), notTried: of('not_tried') }
}

const coursesOf = async (client: Client) => (await client.get('/courses')).body.items

describe('a good service', () => {
  test('passes every check, within seconds, and nothing of it stays', async () => {
    const { code, out, err } = await commandLine({ CS_API_KEY: tester.key }).run('smoke', `${app.url}/`)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const [head, columns, , ...rows] = out.trimEnd().split('\n')
    expect(head).toBe(`${app.url}:`)
    expect(columns).toMatch(/^CHECK +RESULT +SECONDS +DETAIL$/)
    expect(rows.slice(0, -1).map((row) => row.split(/ {2,}/, 2))).toEqual(WHAT.map((what) => [what, 'ok']))
    expect(rows.at(-1)).toMatch(/^13 ok, 0 failed, 0 not tried in \d+\.\d s$/)
    expect(out).toMatch(/^health: db, s3 +ok +[\d.]+ +db ok, s3 ok$/m)
    expect(out).toMatch(/^rate-limit headers +ok +[\d.]+ +prep: \d+ of 100000 left$/m)
    expect(out).toMatch(/^403 beyond the scope +ok +[\d.]+ +check is refused$/m)
    expect(await coursesOf(tester)).toEqual([])
    await until(
      () => queryAsSuperuser<{ count: number }>(app.database, 'SELECT count(*)::int AS count FROM materials'),
      ([row]) => row?.count === 0,
    )
  })

  test('is tried with a key of one service or both, as far as that goes', async () => {
    const both = await smoke(app.url, (await app.as('Обидві')).key)
    expect([both.code, both.failed, both.notTried]).toEqual([0, [], ['403 beyond the scope']])
    const check = await smoke(app.url, (await app.as('Домашні', ['check'])).key)
    expect([check.code, check.failed, check.notTried]).toEqual([0, [], WHAT.slice(8)])
    const { code, failed, err } = await smoke(app.url, tester.key, '--scopes', 'prep,check')
    expect([code, failed]).toEqual([1, ['the key is accepted']])
    expect(err).toBe('course-supporter: The smoke test failed: the key is accepted – the key lacks check\n')
  })

  test('a used-up limit is waited for', async () => {
    let asked = 0
    const spoil: Spoil = ({ path }, answer) => {
      asked += path === '/api/v1/me' && answer.status === 200 ? 1 : 0
      return path === '/api/v1/me' && asked === 1
        ? { ...answer, status: 429, headers: { ...answer.headers, 'retry-after': '1' } }
        : answer
    }
    const standIn = await startStandIn(app.url, spoil)
    expect(await smoke(standIn.url, tester.key)).toMatchObject({ code: 0, failed: [] })
    await standIn.close()
  })

  test('what a killed run has left goes with the next one, and no other course does', async () => {
    const lost = { title: 'Smoke test: may be deleted', external_id: `smoke-test-${randomUUID()}` }
    const { body: old } = await tester.post('/courses', lost)
    await queryAsSuperuser(
      app.database,
      `UPDATE courses SET created_at = now() - interval '2 hours' WHERE id = '${old.id}'`,
    )
    const { body: own } = await tester.post('/courses', { title: 'Smoke test: may be deleted' })
    const { rows } = await smoke(app.url, tester.key)
    expect(rows.at(-1)).toMatchObject({ result: 'ok', detail: '1 removed' })
    expect((await coursesOf(tester)).map(({ id }: { id: string }) => id)).toEqual([own.id])
    await tester.delete(`/courses/${own.id}`)
  })
})

const without =
  (name: string): Spoil =>
  (_, answer) => {
    const { [name]: _gone, ...headers } = answer.headers
    return { ...answer, headers }
  }
const status =
  (method: string, path: RegExp, code: number): Spoil =>
  (asked, answer) =>
    asked.method === method && path.test(asked.path) ? { ...answer, status: code } : answer
const text =
  (path: RegExp, from: string, to: string): Spoil =>
  (asked, answer) =>
    path.test(asked.path) ? { ...answer, body: answer.body.replaceAll(from, to) } : answer
const afterCreation = WHAT.slice(9, 12)

describe('each thing that may be wrong is seen', () => {
  test.each<[string, Spoil, string[], string[]?]>([
    ['a database that fails', text(/^\/health$/, '"db":"ok"', '"db":"error"'), ['health: db, s3']],
    ['a storage that fails', text(/^\/health$/, '"s3":"ok"', '"s3":"error"'), ['health: db, s3']],
    ['a health of 503', status('GET', /^\/health$/, 503), ['health: db, s3']],
    ['no Swagger UI', text(/^\/docs/, 'swagger-ui', 'nothing'), ['documentation']],
    ['another document', text(/^\/openapi.json/, '/api/v1/courses', '/api/v2/courses'), ['documentation']],
    ['a header less', without('x-content-type-options'), ['security headers']],
    ['no HSTS', without('strict-transport-security'), ['security headers']],
    ['a version told', (_, a) => ({ ...a, headers: { ...a.headers, server: 'nginx/1.22' } }), ['security headers']],
    ['open doors', anyKey, ['401 without a key', '401 with an unknown key']],
    [
      'a bare refusal',
      without('content-type'),
      ['401 without a key', '401 with an unknown key', '403 beyond the scope', 'a course: delete'],
    ],
    ['no policy', without('ratelimit-policy'), ['rate-limit headers']],
    ['no count', without('ratelimit'), ['rate-limit headers']],
    ['scopes that nobody asks for', status('GET', /progress$/, 200), ['403 beyond the scope']],
    ['no creation', status('POST', /courses$/, 500), ['a course: create'], afterCreation],
    [
      'no Location',
      (asked, a) => (asked.path === '/api/v1/courses' ? without('location')(asked, a) : a),
      ['a course: create'],
      afterCreation,
    ],
    ['another title', text(/courses\/[^/]+$/, 'Smoke test', 'Другий'), ['a course: read']],
    ['a file refused', status('POST', /materials/, 503), ['a small file to done']],
    [
      'a file that cannot be read',
      text(/materials\/[^/]+$/, '"status":"', '"status":"error","was":"'),
      ['a small file to done'],
    ],
    ['a deletion that is none', status('GET', /courses\/[^/?]+$/, 200), ['a course: delete']],
  ])('%s', async (_, spoil, failed, notTried = []) => {
    const standIn = await startStandIn(app.url, spoil)
    try {
      const found = await smoke(standIn.url, tester.key)
      expect([found.code, found.ok, found.failed, found.notTried]).toEqual([1, false, failed, notTried])
      for (const what of failed) expect(found.err).toContain(`${what} – `)
      expect(await coursesOf(tester)).toEqual([])
    } finally {
      await standIn.close()
    }
  })

  test('a file that nobody reads', async () => {
    const standIn = await startStandIn(app.url, text(/materials\/[^/]+$/, '"status":"done"', '"status":"pending"'))
    const { failed, rows } = await smoke(standIn.url, tester.key, '--wait', '1s')
    expect(failed).toEqual(['a small file to done'])
    expect(rows[10]?.detail).toBe('still pending after 1 s: does a worker run?')
    await standIn.close()
    expect(await coursesOf(tester)).toEqual([])
  })

  test('what is left', async () => {
    const standIn = await startStandIn(
      app.url,
      (_asked, answer) => answer,
      ({ method }) => method === 'DELETE',
    )
    const { failed } = await smoke(standIn.url, tester.key)
    expect(failed).toEqual(['a course: delete', 'nothing is left'])
    await standIn.close()
    for (const { id } of await coursesOf(tester)) await tester.delete(`/courses/${id}`)
  })

  test('nobody there: every row says so, and the exit code', async () => {
    const { code, failed, notTried, rows } = await smoke('http://127.0.0.1:1', tester.key)
    expect([code, failed, notTried]).toEqual([1, WHAT.slice(0, 6), WHAT.slice(6)])
    expect(rows[0]?.detail).toMatch(/^GET \/health: (connect ECONNREFUSED|bad port)/)
  })
})

describe('interrupted', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s: it tidies up and ends with 1', async (signal) => {
    const standIn = await startStandIn(app.url, text(/materials\/[^/]+$/, '"status":"done"', '"status":"pending"'))
    const program = spawnProgram({ CS_API_KEY: tester.key }, ['smoke', standIn.url])
    await until(
      () => coursesOf(tester),
      ([course]) => course !== undefined,
    )
    program.signal(signal)
    const { code, stderr, stdout } = await program.ended
    expect([code, stderr]).toEqual([1, 'course-supporter: The smoke test was interrupted.\n'])
    expect(stdout).toMatch(/^nothing is left +ok +[\d.]+ +1 removed$/m)
    expect(await coursesOf(tester)).toEqual([])
    await standIn.close()
  })
})

describe('wrong usage', () => {
  const KEY = `cs_live_${'a'.repeat(32)}`

  test('a key on the command line is refused and not repeated', async () => {
    const { code, out, err } = await commandLine({}).run('smoke', app.url, '--key', KEY)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('A key has no place on the command line')
    expect(err).not.toContain(KEY)
  })

  test.each([
    ['--key', '-'],
    ['--wait', '1s'],
  ])('no key at all (%s %s)', async (...args) => {
    expect(await commandLine({}).run('smoke', app.url, ...args)).toMatchObject({ code: 2, out: '' })
  })

  test.each([
    'api.example',
    'ftp://api.example',
    'http://api.example',
    'https://a:b@api.example',
    'https://api.example?a',
  ])('%s', async (url) => {
    const { code, err } = await commandLine({ CS_API_KEY: KEY }).run('smoke', url)
    expect(code).toBe(2)
    expect(err).toContain('The base URL must be')
  })
})

/** Lets everybody in to /me, as a broken gate would. */
function anyKey(asked: { path: string }, answer: Parameters<Spoil>[1]) {
  return asked.path === '/api/v1/me' && answer.status === 401 ? { ...answer, status: 200 } : answer
}
