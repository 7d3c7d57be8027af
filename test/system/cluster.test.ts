import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build, until } from '#test/build.ts'
import { createClient } from '#test/client.ts'
import { emptyDatabase } from '#test/database.ts'
import { filesBelow } from '#test/files-below.ts'
import { type Installation, makeInstallation } from '#test/installation.ts'
import { openRequest } from '#test/open-request.ts'
import { runCommand, spawnProgram, startProgram } from '#test/program.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'

let redis: RedisServer
let place: Installation
let env: Record<string, string>

beforeAll(async () => {
  redis = await startRedisServer()
  place = await makeInstallation()
  env = { ...place.env, WEB_CONCURRENCY: '2', REDIS_URL: redis.url }
})
afterAll(async () => {
  await place.remove()
  await redis.stop()
})

const LIMIT = 20

const newKey = async (limit: number): Promise<string> => {
  const order = ['--tenant', 'Demo', '--scopes', 'prep', '--rate-prep', String(limit), '--json']
  return JSON.parse(await runCommand(place.env, 'key', 'create', ...order)).key
}

/** The status of one request over a connection of its own: they go to the processes in turn. */
function statusOf(url: string, key: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/api/v1/me`, { agent: false, headers: { 'x-api-key': key } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    sent.on('error', reject).end()
  })
}

/** A port that nobody has at this moment. */
async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}

async function childrenOf(pid: number): Promise<{ pid: number; command: string }[]> {
  const pids = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)
  const commands = pids.map((child) => readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => ''))
  const found = (await Promise.all(commands)).map((line, index) => ({
    pid: pids[index] ?? 0,
    command: line.split('\0').at(-2) ?? '',
  }))
  return found.filter(({ command }) => command === 'api' || command === 'worker')
}

const isGone = (pid: number) => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

const commandsOf = async (pid: number) => (await childrenOf(pid)).map(({ command }) => command).toSorted()

test('two processes count as one, one that dies is replaced, and all end together', { timeout: 120_000 }, async () => {
  const metricsPort = await freePort()
  const running = await startProgram({ ...env, METRICS_PORT: metricsPort })
  const metric = async (name: string) => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length),
    )
  }
  const accepted = 'course_supporter_http_requests_total{method="GET",route="/api/v1/me",status="2xx"}'
  expect(await commandsOf(running.pid)).toEqual(['api', 'api', 'worker'])

  const key = await newKey(LIMIT)
  const statuses = await Promise.all(Array.from({ length: 100 }, () => statusOf(running.url, key)))
  expect(statuses.filter((status) => status === 200)).toHaveLength(LIMIT)
  expect(statuses.filter((status) => status === 429)).toHaveLength(100 - LIMIT)
  // Both count, at one address, and the worker with them.
  expect(await metric(accepted)).toBe(LIMIT)
  expect(await metric('course_supporter_workers')).toBe(1)

  const victim = (await childrenOf(running.pid)).find(({ command }) => command === 'api')?.pid ?? 0
  process.kill(victim, 'SIGKILL')
  await running.printed(/a process ended and is replaced program=api/)
  expect(await metric(accepted)).toBe(LIMIT)
  // Meanwhile the other one serves, and remembers through Redis.
  expect(await statusOf(running.url, key)).toBe(429)
  const isWhole = (commands: string[]) => commands.length === 3
  expect(await until(() => commandsOf(running.pid), isWhole, 60)).toEqual(['api', 'api', 'worker'])
  const generous = await newKey(1_000)
  const after = await Promise.all(Array.from({ length: 30 }, () => statusOf(running.url, generous)))
  expect(new Set(after)).toEqual(new Set([200]))
  expect(await metric(accepted)).toBe(LIMIT + 30)

  // Ctrl-C reaches all of them; what has begun is finished all the same.
  const client = createClient(running.url, generous)
  const { id: course } = await build.course(client)
  const upload = openRequest(`${running.url}/api/v1/courses/${course}/materials?source_type=text&filename=lesson.md`, {
    'x-api-key': generous,
    'content-length': 200_000,
  })
  upload.send('x'.repeat(100_000))
  // Beside the mark of the installation that the folder belongs to.
  const incoming = async () =>
    (await filesBelow(join(place.env.DATA_DIR, 'objects'))).filter((file) => !file.startsWith('installation')).length
  await until(incoming, (files) => files === 1)
  const children = await childrenOf(running.pid)
  running.signalGroup('SIGINT')
  await running.printed(/stopping signal=SIGINT/)
  upload.send('x'.repeat(100_000))
  upload.finish()
  expect((await upload.answer).status).toBe(201)
  expect(await running.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
  expect(children.filter(({ pid }) => !isGone(pid))).toEqual([])
  expect(await place.postmaster()).toBeUndefined()
})

test('when the first process is killed the others go, too, and the next start is as ever', {
  timeout: 120_000,
}, async () => {
  const running = await startProgram(env)
  const children = await childrenOf(running.pid)
  await running.kill()
  await until(
    async () => children.filter(({ pid }) => !isGone(pid)),
    (left) => left.length === 0,
  )
  const next = await startProgram(env)
  expect(await statusOf(next.url, await newKey(1_000))).toBe(200)
  expect(await next.stop()).toBe(0)
  expect(await place.postmaster()).toBeUndefined()
})

test('what is wrong for all of them is told once', { timeout: 120_000 }, async () => {
  const database = await emptyDatabase()
  const refusals = [
    [{ DATABASE_URL: database.urls.app }, /lacks \d+ migrations/],
    [{ PORT: String(redis.port) }, /Port \d+ is taken/],
    [{ REDIS_URL: 'redis://:geheim@127.0.0.1:1' }, /Redis \(REDIS_URL\) does not answer/],
  ] as const
  for (const [wrong, line] of refusals) {
    const { code, stderr } = await spawnProgram({ ...env, ...wrong }, ['api']).ended
    expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 1, lines: 2 })
    expect(stderr).toMatch(line)
    expect(stderr).not.toContain('geheim')
  }
  await database.drop()
  expect(await place.postmaster()).toBeUndefined()
})
