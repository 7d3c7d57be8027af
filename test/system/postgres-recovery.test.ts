import { once } from 'node:events'
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import {
  folder,
  kill,
  killPostmaster,
  open,
  query,
  requirePostmaster,
  root,
  spawnOpener,
  stayOpen,
  useNothing,
} from '#platform/postgres/openings.harness.ts'
import { findPostmaster } from '#platform/postgres/postmaster.ts'
import { isRunning } from '#platform/postgres/process-mark.ts'

test('another process keeps the server, until it is killed', async () => {
  const child = spawnOpener(stayOpen)
  await once(child.stdout, 'data')
  const { mark } = await requirePostmaster()

  await (await open()).close()
  expect(await isRunning(mark)).toBe(true)

  await kill(child)
  const adopted = await open()
  expect((await requirePostmaster()).mark).toBe(mark)
  expect(await query(adopted.url('postgres'), 'select 1')).toEqual([1])
  await adopted.close()
  expect(await isRunning(mark)).toBe(false)
})

test('a killed server comes back with what was committed', async () => {
  const first = await open()
  await query(first.url('postgres'), `create table kept as select 'Є' as text`)
  await killPostmaster()

  const second = await open()
  expect(await query(second.url('postgres'), 'select text from kept')).toEqual(['Є'])
})

test.runIf(process.platform === 'linux')(
  'a child that computes on does not keep a killed server from coming back',
  async () => {
    const first = await open()
    const client = new Client({ connectionString: first.url('postgres') })
    client.on('error', () => undefined)
    await client.connect()
    const busy = client.query('do $$ begin loop end loop; end $$').catch(() => 'broken off')
    await expect
      .poll(() => query(first.url('postgres'), `select 1 from pg_stat_activity where query like 'do %'`))
      .toEqual([1])
    await killPostmaster()

    const second = await open()
    expect(await query(second.url('postgres'), 'select 1')).toEqual([1])
    expect(await busy).toBe('broken off')
  },
)

test('after a kill of the parent and of the server everything is put in order', async () => {
  const child = spawnOpener(stayOpen)
  await once(child.stdout, 'data')
  await kill(child)
  await killPostmaster()

  const postgres = await open()
  expect(await query(postgres.url('postgres'), 'select 1')).toEqual([1])
  expect(await readdir(join(folder, 'users'))).toHaveLength(1)
})

test('a parent killed while the databases are being made leaves no half of them', async () => {
  await useNothing()
  const child = spawnOpener(stayOpen)
  await expect
    .poll(async () => (await readdir(folder).catch(() => [])).some((name) => name.startsWith('init-')), {
      interval: 5,
      timeout: 20_000,
    })
    .toBe(true)
  await kill(child)
  await mkdir(join(folder, 'init-old', 'data'), { recursive: true })
  await writeFile(join(folder, 'init-old', 'data', 'PG_VERSION'), '17\n')

  const postgres = await open()
  expect(await query(postgres.url('postgres'), 'select 1')).toEqual([1])
  expect(await readdir(folder)).not.toContain('init-old')
})

test.each([
  ['our own', String(process.pid)],
  ['no', '4194303'],
  ['an unfinished', ''],
])('a postmaster.pid that names %s process is known for stale', async (_, pid) => {
  const data = join(folder, 'data')
  const rest = pid === '' ? '' : `\n${data}\n1700000000\n1\n\n127.0.0.1\n  1 1\nready   \n`
  await writeFile(join(data, 'postmaster.pid'), `${pid}${rest}`)

  const postgres = await open()
  expect(await query(postgres.url('postgres'), 'select 1')).toEqual([1])
})

test('users that no longer live do not keep the server', async () => {
  for (const name of [
    '4194303-1.00000000-00000000-0123456789ab',
    `${process.pid}-1.00000000-00000000-0123456789ab`,
    'note.txt',
  ]) {
    await writeFile(join(folder, 'users', name), '')
  }
  const postgres = await open()
  const { mark } = await requirePostmaster()

  await postgres.close()
  expect(await isRunning(mark)).toBe(false)
  expect(await readdir(join(folder, 'users'))).toEqual(['note.txt'])
  await rm(join(folder, 'users', 'note.txt'))
})

test('a copy of a folder in use gets a server of its own', async () => {
  const original = await open()
  await query(original.url('postgres'), 'create table only_here ()')
  const copy = join(root, 'copy')
  await cp(folder, copy, { recursive: true })

  const postgres = await open({ folder: copy })
  expect(postgres.port).not.toBe(original.port)
  expect(await query(original.url('postgres'), 'show data_directory')).toEqual([join(folder, 'data')])
  expect(await query(postgres.url('postgres'), 'show data_directory')).toEqual([join(copy, 'data')])
  const { mark } = await requirePostmaster(copy)
  await postgres.close()
  expect(await isRunning(mark)).toBe(false)
})

test('a server whose folder is gone from its place is stopped all the same', async () => {
  const postgres = await open()
  const { mark } = await requirePostmaster()
  await rename(folder, `${folder} aside`)

  try {
    await postgres.close()
    expect(await isRunning(mark)).toBe(false)
  } finally {
    await rename(`${folder} aside`, folder)
    for (const name of await readdir(join(folder, 'users'))) await rm(join(folder, 'users', name))
  }
})

test('processes that open and close at random, some killed, never meet a server that is gone', async () => {
  const url = JSON.stringify(import.meta.resolve('pg'))
  const code = (rounds: number, end: string) => `
    import pg from ${url}
    for (let i = 0; i < ${rounds}; i++) {
      const postgres = await open()
      const client = new pg.Client({ connectionString: postgres.url('postgres') })
      await client.connect()
      await client.query('select pg_sleep(random() * 0.1)')
      await client.end()
      await postgres.close()
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200))
    }
    ${end}`
  const ends = [code(6, ''), code(6, ''), code(2, `await open(); process.kill(process.pid, 'SIGKILL')`)]

  expect(await Promise.all(ends.map(async (end) => await once(spawnOpener(end), 'exit')))).toEqual([
    [0, null],
    [0, null],
    [null, 'SIGKILL'],
  ])
  await (await open()).close()
  expect(await findPostmaster(join(folder, 'data'))).toBeUndefined()
  expect(await readdir(join(folder, 'users'))).toEqual([])
  expect(await readdir(join(folder, 'turn'))).toEqual([])
})
