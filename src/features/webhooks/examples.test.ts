import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '#test/build.ts'
import { judge, WAITS } from './retries.ts'
import { newSecret, signedHeaders } from './signing.ts'

// What docs/webhooks.md tells receivers to write is run here.

const document = await readFile(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')
const blockOf = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(document)?.[1] ?? ''

const secret = newSecret()
const body = JSON.stringify({
  type: 'material.done',
  timestamp: new Date().toISOString(),
  data: { filename: 'Їжак.md' },
})

describe.each([
  ['js', 'receiver.mjs', process.execPath],
  ['python', 'receiver.py', 'python3'],
])('the example in %s', (language, name, command) => {
  let folder: string
  let child: ChildProcess
  let url: string
  let output = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webhook-example-'))
    await writeFile(join(folder, name), blockOf(language))
    const port = await freePort()
    url = `http://127.0.0.1:${port}/`
    const env = { PATH: process.env['PATH'], WEBHOOK_SECRET: secret, PORT: String(port), PYTHONIOENCODING: 'utf-8' }
    child = spawn(command, [join(folder, name)], { env })
    child.stdout?.on('data', (data) => {
      output += data
    })
    await until(
      () =>
        fetch(url).then(
          () => true,
          () => false,
        ),
      (answers) => answers,
    )
  })
  afterAll(async () => {
    child.kill()
    await rm(folder, { recursive: true })
  })

  const send = async (headers: Record<string, string>, text = body) =>
    (await fetch(url, { method: 'POST', headers, body: text })).status
  const signed = (id: string, at = new Date(), key = secret) => signedHeaders(key, { id, at, body })

  test('takes what is ours, once', async () => {
    expect(await send(signed('a'))).toBe(204)
    expect(await send(signed('a', new Date(Date.now() - 60_000)))).toBe(204)
    await until(
      async () => output,
      (text) => text.includes('Їжак.md'),
    )
    expect(output.match(/material\.done/g)).toHaveLength(1)
  })

  test('takes one of several signatures', async () => {
    const headers = signed('b')
    expect(await send({ ...headers, 'webhook-signature': `v1,AAAA v1a,x ${headers['webhook-signature']}` })).toBe(204)
  })

  test('refuses what is not', async () => {
    const headers = signed('c')
    expect(await send(headers, body.replace('Їжак', 'Лис'))).toBe(401)
    expect(await send({ ...headers, 'webhook-id': 'd' })).toBe(401)
    expect(await send({ ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) })).toBe(401)
    expect(await send(signed('e', new Date(), newSecret()))).toBe(401)
    expect(await send(signed('f', new Date(Date.now() - 600_000)))).toBe(401)
    expect(await send({})).toBe(401)
  })
})

test('the document gives the waits that there are', () => {
  const [, text = ''] = /\*\*after (.*?)\*\*/s.exec(document) ?? []
  const units: Record<string, number> = { s: 1, min: 60, h: 3_600 }
  const told = [...text.matchAll(/(\d+) (s|min|h)\b/g)].map(
    ([, count, unit = '']) => Number(count) * (units[unit] ?? 0),
  )
  expect(told).toEqual(WAITS)
  expect(judge({ status: 500, retryAfterSeconds: null }, 12).status).toBe('failed')
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
