import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorOf, folder, open, query, requirePostmaster, root, useNothing } from './openings.harness.ts'
import { isRunning } from './process-mark.ts'

test('the first start makes a server for us alone', async () => {
  await useNothing()
  const postgres = await open()
  const show = async (name: string) => await query(postgres.url('postgres'), `show ${name}`)

  expect(await show('listen_addresses')).toEqual(['127.0.0.1'])
  expect(await show('unix_socket_directories')).toEqual([''])
  expect(await show('data_checksums')).toEqual(['on'])
  expect(((await stat(folder)).mode & 0o777).toString(8)).toBe('700')
  expect(((await stat(join(folder, 'password'))).mode & 0o777).toString(8)).toBe('600')
  expect((await readdir(folder)).sort()).toEqual(['data', 'password', 'port', 'postgres.log', 'turn', 'users'])
  await expect(
    query(postgres.url('postgres', { name: 'postgres', password: 'вгадую' }), 'select 1'),
  ).rejects.toMatchObject({ code: '28P01' })
})

test('data is durable unless the settings say otherwise', async () => {
  const url = (await open({ settings: {} })).url('postgres')

  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    expect(await query(url, `show ${name}`)).toEqual(['on'])
  }
})

test('names and letters may be Ukrainian', async () => {
  const postgres = await open()
  const url = postgres.url('postgres')

  expect(await query(url, `select lower('ЇЖАК'), 'ґ' ~ '[[:alpha:]]', to_tsvector('Їжак')::text`)).toEqual([
    'їжак',
    true,
    `'їжак':1`,
  ])
  await query(url, `create role "пані: @/" login password 'п?#%'`)
  await query(url, `create database "курси 100%"`)
  const asRole = postgres.url('курси 100%', { name: 'пані: @/', password: 'п?#%' })
  expect(await query(asRole, 'select current_user, current_database()')).toEqual(['пані: @/', 'курси 100%'])
})

test('what was written is there after a stop, on the same port', async () => {
  const first = await open()
  await query(first.url('postgres'), `create table notes as select 'Привіт' as text`)
  const { mark } = await requirePostmaster()
  await first.close()
  expect(await isRunning(mark)).toBe(false)

  const second = await open()
  expect(second).toMatchObject({ port: first.port, password: first.password, host: '127.0.0.1', superuser: 'postgres' })
  expect(await query(second.url('postgres'), 'select text from notes')).toEqual(['Привіт'])
})

test('two share one server, and the last to close stops it', async () => {
  const [first, second] = await Promise.all([open(), open()])
  const { mark } = await requirePostmaster()

  expect(second.port).toBe(first.port)
  await first.close()
  await first.close()
  expect(await query(second.url('postgres'), 'select 1')).toEqual([1])
  await second.close()
  expect(await isRunning(mark)).toBe(false)
})

test.runIf(process.platform === 'linux')('the server has a session of its own', async () => {
  await open()
  const { pid } = await requirePostmaster()
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')

  expect(stat.slice(stat.lastIndexOf(')')).split(' ')[4]).toBe(String(pid))
})

test('a folder that cannot be used is told in one line', async () => {
  const file = join(root, 'файл')
  await writeFile(file, '')

  expect(await errorOf(open({ folder: join(file, 'pg') }))).toMatch(/^PostgreSQL cannot use .*файл.pg: E[A-Z]+: /)
})

test('a server that does not start is told with its cause and the place of its log', async () => {
  expect(await errorOf(open({ settings: { shared_buffers: 'багато' } }))).toMatch(
    /^PostgreSQL did not start: invalid value for parameter "shared_buffers": "багато".*; see .*postgres\.log$/,
  )
  expect(await errorOf(open({ deadlineMs: 0 }))).toMatch(
    /^PostgreSQL did not start: it was not ready within 0 s \(.+\); see /,
  )
})

test('a server that does not answer is told in time', async () => {
  await open()
  const { pid } = await requirePostmaster()
  process.kill(pid, 'SIGSTOP')
  try {
    expect(await errorOf(open({ deadlineMs: 200 }))).toMatch(/^PostgreSQL on port \d+ does not let us in: /)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

test('a lost password is told, not replaced by another', async () => {
  const [kept, aside] = [join(folder, 'password'), join(folder, 'password.old')]
  await rename(kept, aside)

  try {
    expect(await errorOf(open())).toContain(`${kept} is missing`)
  } finally {
    await rename(aside, kept)
  }
})
