import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-demo-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** `make demo` with these variables and no others. */
async function demo(env: Record<string, string>, ...variables: string[]) {
  const { PATH, HOME } = process.env
  const run = promisify(execFile)('make', ['--no-print-directory', 'demo', ...variables], {
    cwd: ROOT,
    env: { PATH, HOME, DATA_DIR: folder, ...env },
  })
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error)
  expect(await readdir(folder)).toEqual([])
  return { stdout, stderr }
}

test('the demo with the mock: the estimate, the course by language models, what it cost, and what there is without', async () => {
  // A key that happens to be there is not used.
  const { stdout, stderr } = await demo({ ANTHROPIC_API_KEY: 'real' }, 'MOCK=1')
  expect(stderr).toBe('')
  expect(stdout).toMatch(/default +6 +≈[\d,]+ +≈[\d,]+ +≈0\.\d+ {2}gpt-/)
  expect(stdout).toContain('(version 1, by llm)')
  expect(stdout).toMatch(/├─ Програма \[▶ 00:32, slide 2\]: Програма — це послідовність/)
  expect(stdout).toMatch(/✎ open 2\/5: Поясніть/)
  expect(stdout).toMatch(/☐ 2, required: /)
  expect(stdout).toMatch(/course_structuring +\d+ +[\d,]+ +[\d,]+ +0\.\d+ {2}█/)
  expect(stdout).toMatch(/in all +\d+ +[\d,]+ +[\d,]+ +0\.0\d+\n/)
  expect(stdout).toMatch(/the outline engine makes of the same materials 5 modules/)
  expect(stdout.split('\n').filter((line) => [...line].length > 100)).toEqual([])
})

test('the demo without any provider is made by the outline engine, and says so', async () => {
  const { stdout } = await demo({})
  expect(stdout).toContain('No language model is configured: the outline engine made this.')
  expect(stdout).toContain('(version 1, by outline)')
})

test('a provider that does not answer is one clear line', async () => {
  const { stderr } = await demo({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
  expect(stderr.split('\n')[0]).toBe('demo: The language models do not answer: are their address and key right?')
})
