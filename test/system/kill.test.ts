import { mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build, until } from '#test/build.ts'
import { type Client, createClient } from '#test/client.ts'
import { filesBelow } from '#test/files-below.ts'
import { openRequest } from '#test/open-request.ts'
import { type RunningProgram, runCommand, startProgram } from '#test/program.ts'

// Deadlines, far beyond what anything takes.
const SECONDS = 120
const UPLOADS = 8

let folder: string
let env: Record<string, string>
let running: RunningProgram | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-kill-'))
  env = { DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'warn', MAX_CONCURRENT_UPLOADS: '64' }
})
afterAll(async () => {
  await running?.kill()
  const pid = await postmaster()
  if (pid !== undefined) process.kill(pid, 'SIGQUIT')
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
}, SECONDS * 1_000)

/** The process of the database; undefined when there is none. */
async function postmaster(): Promise<number | undefined> {
  const files = await readdir(folder, { recursive: true })
  const path = files.find((file) => file.endsWith('postmaster.pid'))
  return path === undefined ? undefined : Number((await readFile(join(folder, path), 'utf8')).split('\n', 1)[0])
}

type Material = { id: string; status: string }

async function materialsOf(client: Client, course: string): Promise<Material[]> {
  return (await client.get(`/courses/${course}/materials?limit=100`)).body.items
}

const countOf = (materials: Material[], status: string) =>
  materials.filter((material) => material.status === status).length

test('killed while it reads and while it is sent materials, the program goes on where it was', {
  timeout: SECONDS * 4_000,
}, async () => {
  const accepted = new Set<string>()
  running = await startProgram(env)
  const database = await postmaster()
  const order = ['key', 'create', '--tenant', 'Demo', '--scopes', 'prep', '--rate-prep', '100000', '--json']
  const { key } = JSON.parse(await runCommand(env, ...order))
  let client = createClient(running.url, key)
  const { id: course } = await build.course(client)

  async function upload(name: string) {
    const text = `# Урок ${name}\n\n${'Цикл повторює дії. '.repeat(50)}`
    const { id } = await build.material(client, course, { filename: `урок ${name}.md`, text })
    accepted.add(id)
  }

  // In the middle of reading.
  await Promise.all(Array.from({ length: UPLOADS }, (_, index) => upload(`${index}`)))
  const isHalfway = (materials: Material[]) => countOf(materials, 'done') > 1 && countOf(materials, 'processing') > 0
  const before = await until(() => materialsOf(client, course), isHalfway, SECONDS)
  await running.kill()
  expect(countOf(before, 'done')).toBeLessThan(UPLOADS)
  expect(await postmaster()).toBe(database)

  // In the middle of uploads, while the reading goes on.
  running = await startProgram(env)
  expect(await postmaster()).toBe(database)
  client = createClient(running.url, key)
  expect((await materialsOf(client, course)).map(({ id }) => id).toSorted()).toEqual([...accepted].toSorted())
  const half = openRequest(`${running.url}/api/v1/courses/${course}/materials?source_type=text&filename=half.txt`, {
    'x-api-key': key,
    'content-length': 5_000_000,
  })
  half.send('x'.repeat(3_000_000))
  const [left = ''] = await until(halfWritten, (files) => files.length === 1, SECONDS)
  const more = Promise.allSettled(Array.from({ length: UPLOADS }, (_, index) => upload(`ще ${index}`)))
  await until(
    async () => accepted.size,
    (size) => size > UPLOADS + 3,
    SECONDS,
  )
  await running.kill()
  await more
  await expect(half.answer).rejects.toThrow()
  await utimes(left, 0, 0)

  running = await startProgram(env)
  client = createClient(running.url, key)
  const isThrough = (materials: Material[]) => materials.every(({ status }) => ['done', 'error'].includes(status))
  const after = await until(() => materialsOf(client, course), isThrough, SECONDS)
  expect(after.filter(({ status }) => status !== 'done')).toEqual([])
  const kept = new Set(after.map(({ id }) => id))
  expect([...accepted].filter((id) => !kept.has(id))).toEqual([])
  await until(halfWritten, (files) => !files.includes(left), SECONDS)

  expect(await running.stop()).toBe(0)
  running = undefined
  expect(await postmaster()).toBeUndefined()
})

async function halfWritten(): Promise<string[]> {
  const files = await filesBelow(join(folder, 'data', 'objects'))
  const paths = files
    .filter((file) => file.startsWith('.incoming'))
    .map((file) => join(folder, 'data', 'objects', file))
  // What is smaller is on its way and will be gone.
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return paths.filter((_, index) => (sizes[index] ?? 0) >= 1_000_000)
}
