import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія')
})
afterAll(() => app.close())

type Line = Record<string, unknown>

/** The lines of one request, once the last of them is there. */
async function linesOf(requestId: string): Promise<Line[]> {
  const find = () => app.logged.filter((line) => line.includes(requestId))
  const lines = await until(
    async () => find(),
    (found) => found.some((line) => line.includes('"msg":"request"')),
  )
  return lines.map((line) => JSON.parse(line))
}

test('a request leaves one line: who, which route, what came of it, how long it took', async () => {
  const { id } = await build.course(acme)
  await acme.get(`/courses/${id}`, { 'x-request-id': 'lms-7' })
  const [line, ...others] = await linesOf('lms-7')
  expect(others).toEqual([])
  expect(line).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    request_id: 'lms-7',
    tenant_id: acme.tenantId,
    key_prefix: acme.key.slice(0, 12),
    method: 'GET',
    route: '/api/v1/courses/:courseId',
    status: 200,
    duration_ms: expect.any(Number),
    msg: 'request',
  })
  const raw = app.logged.find((text) => text.includes('lms-7')) ?? ''
  expect(raw.match(/"tenant_id"/g)).toHaveLength(1)
})

test.each([
  ['a refused key', '/me', { 'x-api-key': `cs_live_${'0'.repeat(32)}` }, 401, '/api/v1/me'],
  ['an unknown address', '/me/too', {}, 404, null],
  ['an address that cannot be read', '/courses/%ff', {}, 400, null],
  ['an open route', '//health/live', {}, 200, '/health/live'],
])('%s leaves a line that names nobody', async (_what, path, headers, status, route) => {
  const id = newId()
  await app.anonymous.get(path, { 'x-request-id': id, ...headers })
  const lines = await linesOf(id)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ route, status })
  expect(lines[0]).not.toHaveProperty('tenant_id')
})

test('no line holds a path, a query, a body, a key or a student’s address', async () => {
  const id = newId()
  const headers = { 'x-request-id': id }
  await acme.get('/students/ivan.franko%40school.example/progress', headers)
  await acme.get('/courses?external_id=ivan.franko%40school.example', headers)
  await acme.post('/courses', { title: 'ivan.franko@school.example', description: 'таємниця' }, headers)
  await acme.request('PATCH', `/courses/${newId()}`, { json: { title: 'ivan.franko@school.example' }, headers })
  await until(
    async () => app.logged.filter((line) => line.includes(id)),
    ({ length }) => length >= 4,
  )
  const all = app.logged.join('')
  for (const secret of ['ivan.franko', 'school.example', 'таємниця', 'external_id=', acme.key, acme.key.slice(13)])
    expect(all).not.toContain(secret)
})
