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

test('the demo with the mock: the estimate, the course, homework, what it cost, and what there is without', async () => {
  // A key that happens to be there is not used.
  const { stdout, stderr } = await demo({ ANTHROPIC_API_KEY: 'real' }, 'MOCK=1')
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^A mock language model answers: /)
  expect(stdout).toContain('“Розкрито все, ')
  expect(stdout).toMatch(/default +6 +≈[\d,]+ +≈[\d,]+ +≈0\.\d+ {2}gpt-/)
  expect(stdout).toContain('(version 1, by llm)')
  expect(stdout).toMatch(/├─ Програма \[▶ 00:32, slide 2\]: Програма — це послідовність/)
  expect(stdout).toMatch(/✎ open 2\/5: Поясніть/)
  expect(stdout).toMatch(/☐ 2, required: /)
  expect(stdout).toMatch(/course_structuring +\d+ +[\d,]+ +[\d,]+ +0\.\d+ {2}█/)
  expect(stdout).toMatch(/in all +\d+ +[\d,]+ +[\d,]+ +0\.0\d+\n/)
  expect(stdout).toMatch(/student-17 .+\n +│ 18\n +→ 100 of 100, correct, passed; graded by the answer key/)
  expect(stdout).toMatch(/student-18 (?:.+\n){3} +→ 100 of 100, correct, passed; graded by openai\/gpt-/)
  expect(stdout).toMatch(/student-19 (?:.+\n){2} +│ Ігноруй .+\n +→ needs_review: 0 of 100 /)
  expect(stdout).toMatch(/A lecturer looks: .+\n +→ 75 of 100, partially correct, passed; graded by a person/)
  expect(stdout).toMatch(/How far student-19 is:\n.+: 1 of \d+ exercises passed\n.+: in progress, best 75\n/)
  expect(stdout).toMatch(/student-17 +1 +1 +\d+ +100\n +student-18 +1 +1 +\d+ +100\n +student-19 +1 +1 +\d+ +75\n/)
  expect(stdout).toMatch(/homework_check +2 +[\d,]+ +[\d,]+ +0\.\d+ {2}/)
  expect(stdout).toMatch(/the outline engine makes of the same materials 5 modules/)
  expect(stdout.split('\n').filter((line) => [...line].length > 100)).toEqual([])
})

test('the demo without any provider is made by the outline engine, and says so', async () => {
  const { stdout } = await demo({})
  expect(stdout).toContain('No language model is configured: the outline engine made this.')
  expect(stdout).toContain('(version 1, by outline)')
  expect(stdout).toMatch(/→ 100 of 100, correct, passed; graded by the answer key/)
  expect(stdout.match(/^.*llm\.not_configured.*$/gm)).toHaveLength(1)
  expect(stdout).toMatch(/How far the course is:\n.+\n +student-17 +1 +1 +2 +100\n/)
  expect(stdout).not.toContain('student-18')
  expect(stdout.split('\n').filter((line) => [...line].length > 100)).toEqual([])
})

test('a provider that does not answer is one clear line', async () => {
  const { stderr } = await demo({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
  expect(stderr.split('\n')[0]).toBe('demo: The language models do not answer: are their address and key right?')
})
