import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { probeFolder } from './file-probe.ts'
import { isSound } from './probe.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-probe-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a good folder passes and keeps nothing', async () => {
  const rows = await probeFolder({ folder, needBytes: 1 })
  expect(rows.filter(({ result }) => result !== 'ok')).toEqual([])
  expect(rows.at(-1)).toMatchObject({ what: 'free space', detail: expect.stringMatching(/^\d+ MiB$/) })
  expect((await readdir(folder)).filter((name) => !name.startsWith('.'))).toEqual([])
})

test('too little space is told', async () => {
  const rows = await probeFolder({ folder, needBytes: Number.MAX_SAFE_INTEGER })
  expect(rows.filter(({ result }) => result === 'failed').map(({ what }) => what)).toEqual(['free space'])
  expect(isSound(rows)).toBe(false)
})

test('what is no folder fails in every way, with the cause', async () => {
  const file = join(folder, 'файл')
  await writeFile(file, '')
  const rows = await probeFolder({ folder: file, needBytes: 1 })
  expect(rows[0]).toMatchObject({ what: 'put', result: 'failed', detail: expect.stringMatching(/EEXIST|ENOTDIR/) })
  expect(isSound(rows)).toBe(false)
})
