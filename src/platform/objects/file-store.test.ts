import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cut, listed, once, read } from '#test/contract/bodies.ts'
import { objectStoreContract } from '#test/contract/object-store.ts'
import { createFileStore, ObjectNotFound, sweepIncoming } from './index.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'objects-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

objectStoreContract('the file store', async () => ({
  store: createFileStore({ folder: join(folder, 'made/when/needed/') }),
  leftovers: () => readdir(join(folder, 'made/when/needed/.incoming')).catch(() => []),
  destroy: async () => {},
}))

test('what a killed process left is neither listed nor read, and swept when old', async () => {
  const store = createFileStore({ folder })
  await store.put('a/b', once(Buffer.from('ціле')), { maxBytes: 100 })
  const old = join(folder, '.incoming/old')
  const young = join(folder, '.incoming/young')
  await writeFile(old, 'half')
  await writeFile(young, 'half')
  const hourAgo = new Date(Date.now() - 3_600_000)
  await utimes(old, hourAgo, hourAgo)

  expect((await listed(store, '')).map(({ key }) => key)).toEqual(['a/b'])
  await expect(store.get('.incoming/old')).rejects.toThrow(TypeError)

  expect(await sweepIncoming({ folder, olderThanMs: 60_000 })).toBe(1)
  expect(await readdir(join(folder, '.incoming'))).toEqual(['young'])
  expect((await read(store, 'a/b')).toString()).toBe('ціле')
})

test('there is nothing to sweep where nothing was ever put', async () => {
  expect(await sweepIncoming({ folder: join(folder, 'absent'), olderThanMs: 0 })).toBe(0)
})

test('a put under way is only in the incoming folder, where others cannot read it', async () => {
  const store = createFileStore({ folder })
  const seen: string[][] = []
  async function* body() {
    yield Buffer.from('перша половина')
    seen.push(await readdir(folder), await readdir(join(folder, '.incoming')))
    yield Buffer.from('друга')
  }
  await store.put('a/b', body(), { maxBytes: 100 })
  expect(seen).toEqual([['.incoming'], [expect.any(String)]])
  expect(await readdir(join(folder, '.incoming'))).toEqual([])
  expect((await stat(join(folder, 'a/b'))).mode & 0o777).toBe(0o600)
})

test('a put that cannot be put into place leaves nothing', async () => {
  const store = createFileStore({ folder })
  await mkdir(join(folder, 'taken/by/a-folder'), { recursive: true })
  await expect(store.put('taken/by', cut(Buffer.from('text'), 1), { maxBytes: 100 })).rejects.toThrow()
  expect(await readdir(join(folder, '.incoming'))).toEqual([])
  await expect(store.get('taken/by')).rejects.toThrow(ObjectNotFound)
})

test('does not check out when it cannot be written to', async () => {
  const file = join(folder, 'a-file')
  await writeFile(file, '')
  await expect(createFileStore({ folder: join(file, 'objects') }).check(new AbortController().signal)).rejects.toThrow()
})

test('a writer that was overtaken before its first byte takes nothing from the one that overtook it', async () => {
  const { partial } = createFileStore({ folder })
  const options = { size: 8, saved: async () => undefined }
  const begun = await partial.begin('a/b', { size: 8 })
  const half = await partial.append('a/b', begun, once(Buffer.from('abcd')), options)
  // Another process opened it before and comes to its turn only now; its client is gone.
  await partial.append('a/b', begun, once(Buffer.alloc(0)), options)
  const whole = await partial.append('a/b', half, once(Buffer.from('efgh')), options)
  await partial.complete('a/b', whole, { size: 8 })
  expect((await read(createFileStore({ folder }), 'a/b')).toString()).toBe('abcdefgh')
})
