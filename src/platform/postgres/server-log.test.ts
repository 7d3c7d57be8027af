import { appendFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { causeIn, openServerLog } from './server-log.ts'

test('the cause of a failure is one line', () => {
  const started = '2026-01-02 03:04:05.678 UTC [7] '

  expect(
    causeIn(
      `${started}LOG:  starting PostgreSQL\n` +
        `${started}FATAL:  database files are incompatible with server\n` +
        `${started}DETAIL:  The data directory was initialized by PostgreSQL version 16.\n` +
        `${started}LOG:  database system is shut down\n`,
    ),
  ).toBe('database files are incompatible with server (The data directory was initialized by PostgreSQL version 16.)')
  expect(causeIn('creating directory ... ok\ninitdb: error: invalid locale name "xx"\n')).toBe(
    'initdb: error: invalid locale name "xx"',
  )
  expect(causeIn(`${started}FATAL:  the database system is starting up\n`)).toBeUndefined()
  expect(causeIn('')).toBeUndefined()
})

test('the log keeps its end when it has grown too large, and its causes are found by place', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'журнал '))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'postgres.log')
  await writeFile(path, `${'давній рядок\n'.repeat(300_000)}FATAL:  old\n`)

  const log = await openServerLog(path)
  const { size } = await stat(path)
  await appendFile(path, 'LOG:  fine\n')

  expect(size).toBe(256 * 1024)
  expect(await log.causeSince(0)).toBe('old')
  expect(await log.causeSince(size)).toBeUndefined()
})
