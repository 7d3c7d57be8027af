// load.ts URL SECONDS RATE: what clients do all day, until SIGTERM or the end of SECONDS; then one line of JSON on stdout. The key is read
// from CS_API_KEY. Half of the requests come on a connection of their own, half on kept ones; a request that gets no answer, or one
// with another status than it should, has failed, and is told on stderr.

import type { ClientRequest } from 'node:http'
import { Agent, request } from 'node:https'
import { setTimeout } from 'node:timers/promises'

const [base = '', seconds = '60', rate = '20'] = process.argv.slice(2)
const key = process.env['CS_API_KEY'] ?? ''
const kept = new Agent({ keepAlive: true, maxSockets: 4 })
const fresh = new Agent({ keepAlive: false })
const took: number[] = []
const failures: string[] = []
let isOver = false

type Answer = { status: number; body: string }

function ask(method: string, path: string, agent: Agent, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(
      new URL(path, base),
      {
        method,
        agent,
        timeout: 30_000,
        headers: { 'X-API-Key': key, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      },
      (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString() }))
        answer.on('error', reject)
      },
    )
    sent.on('timeout', () => sent.destroy(new Error('no answer in 30 s')))
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function tried(method: string, path: string, expected: number, agent: Agent, body?: unknown): Promise<string> {
  const began = performance.now()
  try {
    const answer = await ask(method, path, agent, body)
    if (answer.status !== expected) fail(`${method} ${path}: ${answer.status} ${answer.body.slice(0, 300)}`)
    return answer.body
  } catch (error) {
    fail(`${method} ${path}: ${String(error)}`)
    return '{}'
  } finally {
    took.push(performance.now() - began)
  }
}

function fail(what: string) {
  failures.push(what)
  process.stderr.write(`${new Date().toISOString()} ${what}\n`)
}

async function one(turn: number) {
  const agent = turn % 2 === 0 ? fresh : kept
  if (turn % 10 === 0) {
    const { id } = JSON.parse(await tried('POST', '/api/v1/courses', 201, agent, { title: 'Навантаження' })) as {
      id?: string
    }
    if (id !== undefined) await tried('DELETE', `/api/v1/courses/${id}`, 204, agent)
  } else {
    await tried('GET', turn % 3 === 0 ? '/api/v1/courses' : turn % 3 === 1 ? '/api/v1/me' : '/health/live', 200, agent)
  }
}

process.once('SIGTERM', () => {
  isOver = true
})
const end = Date.now() + Number(seconds) * 1_000
const under = new Set<Promise<void>>()
for (let turn = 0; !isOver && Date.now() < end; turn += 1) {
  const running = one(turn).finally(() => under.delete(running))
  under.add(running)
  await setTimeout(1_000 / Number(rate))
}
await Promise.all(under)
took.sort((a, b) => a - b)
const at = (share: number) => Math.round(took[Math.floor(took.length * share)] ?? 0)
process.stdout.write(
  JSON.stringify({
    requests: took.length,
    failed: failures.length,
    medianMs: at(0.5),
    p99Ms: at(0.99),
    slowestMs: at(0.9999),
  }),
)
kept.destroy()
