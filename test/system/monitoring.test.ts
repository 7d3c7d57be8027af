import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

// What Netdata runs, without Netdata: the collector and the sender need bash, awk and curl.

const run = promisify(execFile)
const NETDATA = new URL('../../deploy/netdata/', import.meta.url).pathname

const METRICS = `# HELP course_supporter_http_requests_total a
course_supporter_http_requests_total{method="GET",route="/api/v1/courses",status="2xx"} 100
course_supporter_queue_oldest_seconds 61.5
course_supporter_database_up 1
course_supporter_jobs{kind="a",status="queued"} 2
course_supporter_jobs{kind="b",status="queued"} 3
course_supporter_tenant_budgets_reached{percent="80"} 2
course_supporter_tenant_budgets_reached{percent="100"} 1
course_supporter_llm_spent_usd 8.5
course_supporter_llm_limit_usd 10
course_supporter_sweeper_refuses 1
course_supporter_last_backup_timestamp_seconds 0
process_resident_memory_bytes 1048576
`

let forged = ''
const sent: { url: string; text: string }[] = []
const asked: string[] = []
const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString()
  const url = decodeURIComponent(request.url ?? '')
  asked.push(url)
  if (url === '/metrics') return response.end(METRICS)
  if (url === '/forged/metrics') return response.end(forged)
  if (url.startsWith('/containers/json'))
    return response.end('[{"Id":"abc1","Names":["/course-supporter-db"],"Image":"a"}]')
  if (url === '/containers/abc1/json') return response.end('{"Id":"abc1","RestartCount":7}')
  sent.push({ url, text: new URLSearchParams(body).get('text') ?? '' })
  return response.end('{"ok":true}')
})
let place: string

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  place = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

async function collect(env: Record<string, string>) {
  const { stdout } = await run(`${NETDATA}course-supporter.plugin`, ['10', 'once'], {
    env: { PATH: process.env['PATH'], METRICS_TARGETS: `api=${place}`, DISK_PATHS: 'root=/', ...env },
  })
  const blocks = [...stdout.matchAll(/^BEGIN course_supporter\.(\S+)\n([\s\S]*?)^END$/gm)]
  for (const [, chart] of blocks) expect(stdout).toContain(`CHART course_supporter.${chart} `)
  return new Map(blocks.map(([, chart, lines]) => [chart, lines?.trim()]))
}

test('the collector charts what a process tells, and what has begun before it is no news', async () => {
  const found = await collect({ DOCKER_HOST: `tcp://${place}` })
  expect(found.get('up')).toBe('SET api = 1')
  expect(found.get('recent')).toBe('SET ended = 0\nSET failed = 0')
  expect(found.get('queue')).toBe('SET waiting = 5\nSET running = 0')
  expect(found.get('queue_age')).toMatch(/^SET oldest = 6[12]$/)
  expect(found.get('budgets')).toBe('SET at80 = 2\nSET at100 = 1\nSET new80 = 2\nSET new100 = 1')
  expect(found.get('spending')).toBe('SET spent = 8500')
  expect(found.get('sweeper')).toBe('SET refuses = 1')
  expect(found.get('backup')).toBe(`SET age = ${999 * 3_600}`)
  expect(found.get('memory')).toBe('SET api = 1024')
  expect(found.get('container_course_supporter_db')).toBe('SET restarts = 0\nSET last_10m = 0')
  expect(found.get('disk_root')).toMatch(/^SET used = \d{1,5}$/)
  expect(asked).toContain('/containers/json?all=1&filters={"label":["com.docker.compose.project=course-supporter"]}')
})

test('a process that does not answer is seen, and nothing is made up', async () => {
  const found = await collect({ METRICS_TARGETS: 'api=127.0.0.1:1 worker=no-such-host.invalid:9464' })
  expect([...found.keys()]).toEqual(['up', 'disk_root'])
  expect(found.get('up')).toBe('SET api = 0\nSET worker = 0')
})

test('what only says that it is a process of ours gets nothing run, and stops nothing', async () => {
  const mark = join(await mkdtemp(join(tmpdir(), 'course-supporter-forged-')), 'mark')
  const order = `x rounds[$(touch ${mark})]+`
  forged = [
    `course_supporter_tenant_budgets_reached{percent="${order}"} 1`,
    `course_supporter_http_requests_total{route="/",status="${order}"} 1`,
    `course_supporter_queue_oldest_seconds ${order}`,
    'course_supporter_llm_spent_usd NaN',
    'course_supporter_sweeper_refuses -Inf',
    'course_supporter_database_up 1',
  ].join('\n')
  const found = await collect({ METRICS_TARGETS: `api=${place}/forged` })
  expect(found.get('up')).toBe('SET api = 1')
  expect(found.get('database')).toBe('SET up = 1')
  expect(existsSync(mark)).toBe(false)
})

test('a message ends with the command to type first, and what is in it steers nothing', async () => {
  const script = `
    info() { :; }; error() { echo "$*" >&2; }; declare -A role_recipients_custom
    TELEGRAM_BOT_TOKEN= TELEGRAM_CHAT_ID=
    source ${NETDATA}health_alarm_notify.conf
    status=CRITICAL name=cs_disk host='<b>vm' value_string='8%' info='free space. Type first: df -h / && docker system df'
    custom_sender`
  const env = {
    PATH: process.env['PATH'],
    TELEGRAM_BOT_TOKEN: '1:a',
    TELEGRAM_CHAT_ID: '42',
    TELEGRAM_API_URL: `http://${place}`,
  }
  await run('bash', ['-c', script], { env })
  expect(sent).toEqual([
    {
      url: '/bot1:a/sendMessage',
      text: '🔴 <b>CRITICAL</b> disk on &lt;b&gt;vm: 8%\nfree space.\n<code>df -h / &amp;&amp; docker system df</code>',
    },
  ])
  const without = run('bash', ['-c', script], { env: { PATH: process.env['PATH'] } })
  await expect(without).rejects.toMatchObject({ stderr: expect.stringContaining('is told to nobody') })
})

test('every alarm has a command to type first, and no quotes that a shell would read', async () => {
  const { stdout } = await run('cat', [`${NETDATA}health.d/course-supporter.conf`])
  const alarms = stdout.split(/^ *(?:alarm|template): /m).slice(1)
  expect(alarms.length).toBeGreaterThanOrEqual(16)
  for (const alarm of alarms) {
    expect(alarm).toMatch(/^ *info: [^'"`]+\. Type first: [^'"`]+$/m)
    expect(alarm).toMatch(/^ *(warn|crit): /m)
  }
})
