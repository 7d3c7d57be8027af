import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { openEmbeddedPostgres } from '#platform/postgres/index.ts'
import { until } from '#test/build.ts'
import { keepAlive } from './keep-alive.ts'

test('an embedded database that was killed is there again, on its port', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'course-supporter-alive-'))
  const open = () => openEmbeddedPostgres({ folder: join(folder, 'pg'), settings: { fsync: 'off' } })
  const server = await open()
  const said: string[] = []
  const watch = keepAlive({ server, open, say: (line) => said.push(line) })
  try {
    const [pid] = (await readFile(join(folder, 'pg', 'data', 'postmaster.pid'), 'utf8')).split('\n')
    process.kill(Number(pid), 'SIGKILL')
    expect(
      await until(
        () => answers(server.url('postgres')),
        (answer) => answer && said.length > 0,
      ),
    ).toBe(true)
    expect(said).toEqual(['PostgreSQL: gone; starting it again'])
  } finally {
    await watch.close()
  }
  expect(await answers(server.url('postgres'))).toBe(false)
  await rm(folder, { recursive: true })
})

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}
