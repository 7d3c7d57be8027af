import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createScratch } from './index.ts'

const HOUR = 3_600_000

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a folder is there for the work, empty, and gone after it with all that is in it', async () => {
  const { use } = createScratch({ folder: join(folder, 'нова', 'тека') })
  const used = await use(async (own) => {
    expect(await readdir(own)).toEqual([])
    await mkdir(join(own, 'частини'))
    await writeFile(join(own, 'частини', 'лекція.mp4'), 'звук')
    return own
  })
  expect(used.startsWith(join(folder, 'нова', 'тека'))).toBe(true)
  expect(await readdir(join(folder, 'нова', 'тека'))).toEqual([])
})

test('it is gone after a failure, too', async () => {
  const { use } = createScratch({ folder })
  const failing = use(async (own) => {
    await writeFile(join(own, 'a'), '')
    throw new Error('Ні')
  })
  await expect(failing).rejects.toThrow('Ні')
  expect(await readdir(folder)).toEqual([])
})

test('a sweep takes what is ours and a day old, and nothing else', async () => {
  const { use, sweep } = createScratch({ folder })
  const old = new Date(Date.now() - 25 * HOUR)
  await use(async (young) => {
    const left = join(folder, 'course-supporter-scratch-killed')
    const foreign = join(folder, 'чуже')
    const file = join(folder, 'course-supporter-scratch-file')
    for (const made of [left, foreign]) await mkdir(made)
    await writeFile(join(left, 'recording'), 'звук')
    await writeFile(file, '')
    await symlink(foreign, join(folder, 'course-supporter-scratch-link'))
    for (const path of [left, foreign, file]) await utimes(path, old, old)
    expect(await sweep()).toBe(1)
    const names = [file, foreign, young, join(folder, 'course-supporter-scratch-link')].map((path) =>
      path.slice(folder.length + 1),
    )
    expect((await readdir(folder)).toSorted()).toEqual(names.toSorted())
    expect(await sweep()).toBe(0)
  })
})

test('where nothing was ever kept there is nothing to sweep', async () => {
  expect(await createScratch({ folder: join(folder, 'немає') }).sweep()).toBe(0)
})
