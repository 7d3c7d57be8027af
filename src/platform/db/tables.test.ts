import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { cloneDatabase } from '#test/database.ts'

const REPOSITORY = new URL('../../../', import.meta.url).pathname

/** Text without what the formatter decides. */
const plain = (text: string) => text.replaceAll(/[\s;,|()]+/g, ' ').replaceAll('"', "'")

test('the types of the tables are those that the migrations make', async () => {
  const home = await cloneDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'tables-'))
  try {
    const file = join(folder, 'tables.ts')
    const program = join(REPOSITORY, 'node_modules/kysely-codegen/dist/cli/bin.js')
    const order = ['--url', home.urls.owner, '--singularize', 'false', '--out-file', file]
    await promisify(execFile)(process.execPath, [program, ...order], { cwd: REPOSITORY, timeout: 25_000 })
    const [generated, committed] = [
      await readFile(file, 'utf8'),
      await readFile(new URL('tables.ts', import.meta.url), 'utf8'),
    ]
    // When this fails: npx kysely-codegen --url <owner's URL> --singularize false
    expect(plain(generated)).toBe(plain(committed))
  } finally {
    await rm(folder, { recursive: true })
    await home.drop()
  }
})
