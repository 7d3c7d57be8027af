import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fill, readPrompts } from './prompts.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-prompts-'))
})
afterEach(() => rm(folder, { recursive: true }))

const put = (files: Record<string, string>) =>
  Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)))

test('the highest version of every prompt is read', async () => {
  await put({ 'read.v2.md': 'друга\n', 'read.v10.md': '\n десята {{x}}\n\n', 'join-all.v1.md': 'перша', '.swp': '' })
  expect([...(await readPrompts(folder))]).toEqual([
    ['join-all', { version: 'join-all@1', text: 'перша' }],
    ['read', { version: 'read@10', text: 'десята {{x}}' }],
  ])
})

test.each([
  [{ 'a.v1.md': 'x', 'Read.v1.md': 'x', 'b.v0.md': 'x', 'c.md': 'x' }, /Read\.v1\.md .*b\.v0\.md .*c\.md /],
  [{ 'a.v1.md': 'x', 'a.v2.md': ' \n' }, /a\.v2\.md is empty/],
  [{}, /no prompt/],
])('%j is refused', async (files, problem) => {
  await put(files)
  const message = await readPrompts(folder).then(
    () => '',
    (error: Error) => error.message,
  )
  expect(message.split('; ').toSorted().join('; ')).toMatch(problem)
})

test('a folder that is not there is refused', async () => {
  await expect(readPrompts(join(folder, 'немає'))).rejects.toThrow('ENOENT')
})

const prompt = { version: 'read@3', text: '{{title}}: {{text}} / {{title}}' }

test('values are put in as they are, and never read again', () => {
  expect(fill(prompt, { title: '{{text}}', text: "$& $1 $' {{title}}" })).toBe(
    "{{text}}: $& $1 $' {{title}} / {{text}}",
  )
})

test.each<[string, string, Record<string, string>]>([
  ['a missing value', prompt.text, { title: 'x' }],
  ['an unknown value', prompt.text, { title: 'x', text: 'x', nonce: 'x' }],
  ['an inherited name', '{{toString}}', {}],
  ['a placeholder that is none', '{{ title\n}}', { title: 'x' }],
])('%s is refused', (_name, text, values) => {
  expect(() => fill({ ...prompt, text }, values)).toThrow('read@3')
})
