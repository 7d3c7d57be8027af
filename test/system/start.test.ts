import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '#test/client.ts'
import { type Installation, makeInstallation } from '#test/installation.ts'
import { asOrdinaryUser, withoutRootsPowers } from '#test/ordinary-user.ts'
import { type Ended, type RunningProgram, runCommand, spawnProgram, startProgram } from '#test/program.ts'

const KEY = /cs_live_[0-9a-f]{32}/

let place: Installation
let other: Installation
let key: string
// The other one belongs to an ordinary user.
let through: string[]

beforeAll(async () => {
  place = await makeInstallation()
  other = await makeInstallation()
  through = await asOrdinaryUser(other.folder)
})
afterAll(async () => {
  await place.remove()
  await other.remove()
})

/** Exit code 1, one line on stderr, nothing on stdout but the log. */
function expectRefusal({ code, stdout, stderr }: Ended, line: RegExp) {
  expect({ code, stdout: stdout.replaceAll(/^\d\d:\d\d:\d\d .*\n/gm, '') }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^course-supporter: [^\n]+\n$/)
  expect(stderr).toMatch(line)
}

const coursesOf = async ({ url }: RunningProgram) => {
  const { status, body } = await createClient(url, key).get('/courses')
  return status === 200 ? body.items.map(({ title }: { title: string }) => title) : [body.code]
}

test('the first start says where it is and shows its one key; nobody else gets in its way', {
  timeout: 120_000,
}, async () => {
  const running = await startProgram(place.env)
  key = KEY.exec(running.stdout())?.[0] ?? ''
  expect(running.stdout()).toContain(`${running.url}/docs`)
  expect(await coursesOf(running)).toEqual([])
  await createClient(running.url, key).post('/courses', { title: 'Основи Python' })
  const database = await place.postmaster()

  // Commands beside it, several at once, use its database and leave it running.
  const lists = await Promise.all([1, 2, 3].map(() => runCommand(place.env, 'tenant', 'list', '--json')))
  for (const list of lists) expect(JSON.parse(list)).toMatchObject([{ name: 'Demo', is_active: true }])
  expect(await place.postmaster()).toBe(database)

  expectRefusal(
    await spawnProgram(place.env, ['start']).ended,
    /data is in use by process \d+ \(course-supporter start\)\.$/m,
  )
  const { port } = new URL(running.url)
  const taken = spawnProgram({ ...other.env, PORT: port }, ['start'], { through })
  expectRefusal(await taken.ended, new RegExp(`Port ${port} is taken`))
  expect(await other.postmaster()).toBeUndefined()
  expect(await coursesOf(running)).toEqual(['Основи Python'])
  expect(await place.postmaster()).toBe(database)

  // As Ctrl-C does.
  running.signalGroup('SIGINT')
  expect(await running.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
  expect(await place.postmaster()).toBeUndefined()
  expect(await readdir(join(place.env.DATA_DIR, 'pg', 'users'))).toEqual([])
  await expect(fetch(running.url)).rejects.toThrow()
})

test('killed, it loses nothing: the next start takes over its database', { timeout: 120_000 }, async () => {
  const first = await startProgram(place.env)
  expect(first.output()).not.toMatch(KEY)
  expect(first.stdout()).toContain('key create --tenant Demo')
  const database = await place.postmaster()
  await first.kill()
  expect(await place.postmaster()).toBe(database)

  // A command that finds nobody's database uses it, and stops it when it goes.
  expect(JSON.parse(await runCommand(place.env, 'status', '--json'))).toMatchObject({ workers: 0 })
  expect(await place.postmaster()).toBeUndefined()

  const second = await startProgram(place.env)
  const adopted = await place.postmaster()
  await second.kill()
  const third = await startProgram(place.env)
  expect(await place.postmaster()).toBe(adopted)
  expect(await coursesOf(third)).toEqual(['Основи Python'])
  expect(await third.stop()).toBe(0)
  expect(await place.postmaster()).toBeUndefined()
})

test('two run side by side, one of them as an ordinary user', { timeout: 120_000 }, async () => {
  const [one, two] = await Promise.all([startProgram(place.env), startProgram(other.env, { through })])
  expect(one.url).not.toBe(two.url)
  expect(await coursesOf(one)).toEqual(['Основи Python'])
  expect(await coursesOf(two)).toEqual(['auth.key_invalid'])
  expect((await stat(other.env.DATA_DIR)).uid).toBe((await stat(other.folder)).uid)

  // A reader that has gone, as `| head` does, is no reason to fall.
  two.closeOutput()
  for (let request = 0; request < 3; request++) expect((await fetch(`${two.url}/health`)).status).toBe(200)
  two.signal('SIGTERM')
  expect(await one.stop()).toBe(0)
  expect(await two.ended).toMatchObject({ code: 0, signal: null })
  expect([await place.postmaster(), await other.postmaster()]).toEqual([undefined, undefined])
})

test('a signal that comes while it starts stops it, database and all', { timeout: 120_000 }, async () => {
  const starting = spawnProgram({ ...place.env, LOG_LEVEL: 'debug' }, ['start'])
  await starting.printed(/PostgreSQL: process \d+ answers/)
  starting.signal('SIGTERM')
  expect(await starting.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
  expect(await place.postmaster()).toBeUndefined()
})

test('a folder that may not be written to is refused in one line, and nothing is left', {
  timeout: 60_000,
}, async () => {
  const locked = join(place.folder, 'замкнено')
  await mkdir(locked)
  await chmod(locked, 0o500)
  const { ended } = spawnProgram({ DATA_DIR: locked }, ['start'], { through: withoutRootsPowers() })
  expectRefusal(await ended, /The folder .*замкнено \(DATA_DIR\) cannot be used: EACCES: permission denied/)
  expect(await readdir(locked)).toEqual([])
})

test('wrong usage is exit code 2', async () => {
  expect(await spawnProgram({}, ['tenant', 'create']).ended).toMatchObject({ code: 2, stdout: '' })
})
