import { describe, expect, test } from 'vitest'
import { ObjectNotFound } from '#platform/objects/index.ts'
import { listed, noise, once, read, watched } from './bodies.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const MiB = 1024 * 1024
const ROOMY = { maxBytes: 100 * MiB }

const NO_KEYS = [
  ...['', '/a', 'a/', 'a//b', '..', '../a', 'a/../b', 'a/.', '.incoming/a'],
  ...['a b', 'a\\b', 'a\0b', 'їжак', 'a%2Fb', 'a?b'],
]

/** What every store must do with the objects that it has, and with names. */
export function objectReadingContract(underTest: () => StoreUnderTest): void {
  describe('what is stored', () => {
    test.each([
      [0, 0],
      [3, 9],
      [999_999, 999_999],
    ])('reads the bytes from %i to %i', async (start, end) => {
      const { store } = underTest()
      const bytes = noise(1_000_000)
      await store.put('ranged', once(bytes), ROOMY)
      const stream = await store.get('ranged', { range: { start, end } })
      expect(Buffer.concat(await stream.toArray()).equals(bytes.subarray(start, end + 1))).toBe(true)
      await expect(store.get('missing', { range: { start, end } })).rejects.toThrow(ObjectNotFound)
    })

    test('knows nothing of a key that was never put', async () => {
      const { store } = underTest()
      await expect(store.get('missing/object')).rejects.toMatchObject({ name: 'ObjectNotFound', key: 'missing/object' })
      expect(await store.head('missing/object')).toBeUndefined()
      await store.delete('missing/object')
    })

    test('deletes', async () => {
      const { store } = underTest()
      await store.put('a/gone', once(Buffer.from('1')), ROOMY)
      await store.put('a/kept', once(Buffer.from('2')), ROOMY)
      await store.delete('a/gone')
      await store.delete('a/gone')
      expect(await store.head('a/gone')).toBeUndefined()
      await expect(store.get('a/gone')).rejects.toThrow(ObjectNotFound)
      expect((await listed(store, 'a/')).map(({ key }) => key)).toEqual(['a/kept'])
    })

    test('a folder of keys is no object', async () => {
      const { store } = underTest()
      await store.put('a/b/c', once(Buffer.from('1')), ROOMY)
      await expect(store.get('a/b')).rejects.toThrow(ObjectNotFound)
      expect(await store.head('a/b')).toBeUndefined()
      await store.delete('a/b')
      await expect(store.get('a/b/c/d')).rejects.toThrow(ObjectNotFound)
      expect(await store.head('a/b/c/d')).toBeUndefined()
      expect(await store.head('a/b/c')).toMatchObject({ size: 1 })
    })

    test('lists by prefix in the order of keys', async () => {
      const { store } = underTest()
      const before = Date.now()
      for (const key of ['b/1', 'a/10', 'a/2', 'a-b/1', 'a.b', 'ab', 'a/2-x', 'a/1/z']) {
        await store.put(key, once(Buffer.from(key)), ROOMY)
      }
      const keys = async (prefix: string) => (await listed(store, prefix)).map(({ key }) => key)

      expect(await keys('')).toEqual(['a-b/1', 'a.b', 'a/1/z', 'a/10', 'a/2', 'a/2-x', 'ab', 'b/1'])
      expect(await keys('a/')).toEqual(['a/1/z', 'a/10', 'a/2', 'a/2-x'])
      expect(await keys('a/1')).toEqual(['a/1/z', 'a/10'])
      expect(await keys('a/2')).toEqual(['a/2', 'a/2-x'])
      expect(await keys('a/2/')).toEqual([])
      expect(await keys('c')).toEqual([])
      const [first] = await listed(store, 'a-b')
      expect(first).toMatchObject({ key: 'a-b/1', size: 5 })
      // Stores tell whole seconds or file-system ticks: near enough to sweep by.
      expect(Math.abs((first?.modifiedAt.getTime() ?? 0) - before)).toBeLessThan(60_000)
      const head = await store.head('a-b/1')
      expect(Math.abs((head?.modifiedAt.getTime() ?? 0) - before)).toBeLessThan(60_000)
    })

    test.each(NO_KEYS)('refuses %j as a key', async (key) => {
      const { store } = underTest()
      const source = watched(once(Buffer.from('x')))
      await expect(store.put(key, source, ROOMY)).rejects.toThrow(TypeError)
      expect(source.bytes).toBe(0)
      await expect(store.get(key)).rejects.toThrow(TypeError)
      await expect(store.head(key)).rejects.toThrow(TypeError)
      await expect(store.delete(key)).rejects.toThrow(TypeError)
      expect(await listed(store, '')).toEqual([])
    })

    test('refuses keys that some store would not take for their length', async () => {
      const { store } = underTest()
      const segment = 'x'.repeat(250)
      await store.put(`${segment}/${segment}`, once(Buffer.from('x')), ROOMY)
      await expect(store.head(`${segment}x`)).rejects.toThrow(TypeError)
      await expect(store.head(Array(5).fill(segment).join('/'))).rejects.toThrow(TypeError)
    })

    test.each(['/', '../', 'a/../', './', '.incoming/', 'a b'])('refuses %j as a prefix', async (prefix) => {
      const { store } = underTest()
      await expect(listed(store, prefix)).rejects.toThrow(TypeError)
    })

    test('a stream that is left does not hold up the next', async () => {
      const { store } = underTest()
      await store.put('half', once(noise(4 * MiB)), ROOMY)
      const left = await store.get('half')
      for await (const _ of left) break
      await expect.poll(() => left.destroyed).toBe(true)
      expect(await read(store, 'half')).toHaveLength(4 * MiB)
    })

    test('a get ends with its signal', async () => {
      const { store } = underTest()
      const bytes = noise(4 * MiB)
      await store.put('long', once(bytes), ROOMY)
      const reason = new Error('Enough.')
      await expect(store.get('long', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)

      const abort = new AbortController()
      const stream = await store.get('long', { signal: abort.signal })
      await expect(async () => {
        for await (const _ of stream) abort.abort(reason)
      }).rejects.toMatchObject({ name: 'AbortError' })
    })

    test('checks out when it works, and not when aborted', async () => {
      const { store } = underTest()
      await store.check(new AbortController().signal)
      expect(await listed(store, '')).toEqual([])
      expect(await underTest().leftovers()).toEqual([])
      const reason = new Error('Out of time.')
      await expect(store.check(AbortSignal.abort(reason))).rejects.toBe(reason)
    })
  })
}
