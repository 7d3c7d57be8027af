import { chmod, chown, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chooseRunAs } from './run-as.ts'

const root = process.getuid?.() === 0
const other = { uid: 65_534, gid: 65_534 }
// Stands for initdb: it is anywhere, and ends well.
const program = '/bin/echo'

let parent: string
let folder: string

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'база '))
  folder = join(parent, 'pg')
  await mkdir(folder, { mode: 0o700 })
})

afterEach(async () => {
  await rm(parent, { recursive: true })
})

async function modeOf(path: string) {
  return ((await stat(path)).mode & 0o777).toString(8)
}

test.skipIf(root)('an ordinary user runs the server himself', async () => {
  expect((await chooseRunAs(folder, program, await stat(folder))).command('postgres', ['-D', 'x'])).toEqual({
    program: 'postgres',
    args: ['-D', 'x'],
    options: {},
  })
})

test.runIf(root)('root runs it as the owner of the data, who may pass through the folder', async () => {
  await chmod(parent, 0o755)
  const runAs = await chooseRunAs(folder, program, other)

  expect(runAs.owner).toEqual(other)
  expect(runAs.command('postgres', [])).toEqual({ program: 'postgres', args: [], options: other })
  expect(await modeOf(folder)).toBe('711')
})

test.runIf(root)('root runs a new one as the owner of a folder that root in a namespace cannot enter', async () => {
  await chown(parent, 1234, 1234)

  expect((await chooseRunAs(folder, program, undefined)).owner).toEqual({ uid: 1234, gid: 1234 })
})

test.runIf(root)('where nobody can be had the folder stays closed, and one line tells what to do', async () => {
  const choosing = chooseRunAs(folder, program, other)

  await expect(choosing).rejects.toThrow(/^PostgreSQL does not run as root, .* DATABASE_URL\.$/)
  expect(await modeOf(folder)).toBe('700')
})
