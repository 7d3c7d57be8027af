import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder } from './process-lock.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'дані '))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

function run(module: string, code: string) {
  const source = `import * as m from ${JSON.stringify(new URL(module, import.meta.url).href)}\n${code}`
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit']
  return spawn(process.execPath, ['--input-type=module-typescript', '-e', source, folder], { stdio })
}

test('a folder is locked once, and again when released', async () => {
  const lock = await lockFolder(folder, 'сервер')

  await expect(lockFolder(folder, 'another')).rejects.toThrow(`${folder} is in use by process ${process.pid} (сервер).`)
  await lock.release()
  await (await lockFolder(folder, 'another')).release()
})

test('of many at once exactly one gets the lock', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => lockFolder(folder, `number ${n}`)))

  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
})

test('the lock of another process holds until that is killed', async () => {
  const child = run(
    'process-lock.ts',
    `await m.lockFolder(process.argv[1], 'child'); console.log('locked'); setInterval(() => {}, 1e6)`,
  )
  await once(child.stdout, 'data')

  await expect(lockFolder(folder, 'parent')).rejects.toThrow(`is in use by process ${child.pid} (child).`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await lockFolder(folder, 'parent')).release()
})

test('one turn at a time, between processes and within one, though some are killed in theirs', async () => {
  const counter = join(folder, 'counter')
  await writeFile(counter, '0')
  const step = `const n = Number(await fs.readFile(counter, 'utf8')); await new Promise((r) => setTimeout(r, 2)); await fs.writeFile(counter, String(n + 1))`
  const child = `
    import * as fs from 'node:fs/promises'
    const counter = process.argv[1] + '/counter'
    const many = async () => { for (let i = 0; i < 5; i++) await m.inTurn(process.argv[1], 30_000, async () => { ${step} }) }
    await Promise.all([many(), many()])
    m.inTurn(process.argv[1], 30_000, async () => { process.kill(process.pid, 'SIGKILL') })`

  const ends = await Promise.all([1, 2, 3].map(async () => await once(run('turn.ts', child), 'exit')))

  expect(ends).toEqual([1, 2, 3].map(() => [null, 'SIGKILL']))
  expect(await readFile(counter, 'utf8')).toBe('30')
})
