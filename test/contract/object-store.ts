import { randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ObjectNotFound, type ObjectStore, ObjectTooLarge } from '#platform/objects/index.ts'
import { breaksAfter, CHUNK, cut, factsOf, from, gated, listed, once, read, silentAfter, watched } from './bodies.ts'

export type StoreUnderTest = {
  store: ObjectStore
  /** Names of what unfinished puts have left: open uploads, temporary files. */
  leftovers(): Promise<string[]> | string[]
  /**
   * Makes the store stop taking bytes once it has begun to. `began` resolves when it has; a store that cannot be
   * stopped from outside leaves this out.
   */
  hold?(): { began: Promise<unknown>; release(): void }
  destroy(): Promise<void>
}

const MiB = 1024 * 1024

/** What a put may have read of its source while the store takes nothing: a part, and some chunks on their way. */
const READ_AHEAD = 10 * MiB

/** Where a put stops, in MiB. */
const PLACES: [string, number][] = [
  ['in the first part', 1],
  ['after the first part', 9],
]

const NO_KEYS = [
  ...['', '/a', 'a/', 'a//b', '..', '../a', 'a/../b', 'a/.', '.incoming/a'],
  ...['a b', 'a\\b', 'a\0b', 'їжак', 'a%2Fb', 'a?b'],
]

const ROOMY = { maxBytes: 100 * MiB }

/** What every driver of the object store must do, whatever keeps its bytes. */
export function objectStoreContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} as an object store`, () => {
    let made: StoreUnderTest
    let store: ObjectStore

    beforeEach(async () => {
      made = await make()
      store = made.store
    })

    afterEach(async () => {
      await made.destroy()
    })

    async function expectNothing(key: string): Promise<void> {
      expect(await store.head(key)).toBeUndefined()
      await expect(store.get(key)).rejects.toThrow(ObjectNotFound)
      expect(await listed(store, '')).toEqual([])
      expect(await made.leftovers()).toEqual([])
    }

    test('gives back the bytes it was given, with their size and SHA-256', async () => {
      const text = 'Їжак несе ґудзик: «Привіт, Є-2!» 🇺🇦'
      const bytes = Buffer.from(text)

      expect(await store.put('a1/lesson-1.txt', once(bytes), ROOMY)).toEqual(factsOf(bytes))

      expect((await read(store, 'a1/lesson-1.txt')).toString()).toBe(text)
      expect(await store.head('a1/lesson-1.txt')).toEqual({ size: bytes.byteLength })
      expect(await made.leftovers()).toEqual([])
    })

    test.each([
      ['no chunk', []],
      ['an empty chunk', [new Uint8Array(0)]],
    ])('keeps an empty body of %s', async (_, chunks) => {
      expect(await store.put('empty', from(chunks), ROOMY)).toEqual(factsOf(Buffer.alloc(0)))
      expect(await store.head('empty')).toEqual({ size: 0 })
      expect(await read(store, 'empty')).toHaveLength(0)
    })

    test.each([
      ['just below one part', 8 * MiB - 1],
      ['of exactly one part', 8 * MiB],
      ['of one part and a byte', 8 * MiB + 1],
    ])('keeps a body %s', async (_, size) => {
      const bytes = randomBytes(size)
      expect(await store.put('edge', once(bytes), ROOMY)).toEqual(factsOf(bytes))
      expect((await read(store, 'edge')).equals(bytes)).toBe(true)
      expect(await made.leftovers()).toEqual([])
    })

    test('takes 20 MiB chunk by chunk, one at a time', async () => {
      const bytes = randomBytes(20 * MiB)
      const source = watched(cut(bytes, CHUNK + 1))

      expect(await store.put('large', source, ROOMY)).toEqual(factsOf(bytes))

      expect(source.mostAtOnce).toBe(1)
      expect((await read(store, 'large')).equals(bytes)).toBe(true)
      expect(await store.head('large')).toEqual({ size: bytes.byteLength })
      expect(await made.leftovers()).toEqual([])
    })

    test('does not read ahead of a store that takes nothing', async ({ skip }) => {
      const held = made.hold?.()
      if (!held) return skip('cannot be held up from outside')
      const source = watched(cut(randomBytes(20 * MiB), CHUNK))

      const putting = store.put('slow', source, ROOMY)
      await held.began
      for (let turns = 0; turns < 1000; turns += 1) await turn()
      expect(source.bytes).toBeLessThan(READ_AHEAD)

      held.release()
      expect((await putting).size).toBe(20 * MiB)
    })

    test('refuses a body over its limit and reads no further', async () => {
      const source = watched(cut(randomBytes(12 * MiB), CHUNK))
      const putting = store.put('over', source, { maxBytes: 10 * MiB })
      await expect(putting).rejects.toThrow(ObjectTooLarge)
      await expect(putting).rejects.toMatchObject({ maxBytes: 10 * MiB })
      expect(source.bytes).toBe(10 * MiB + CHUNK)
      expect(source.closed).toBe(true)
      await expectNothing('over')
    })

    test('refuses one byte over a small limit and takes a body of the limit itself', async () => {
      await expect(store.put('over', once(Buffer.from('абв')), { maxBytes: 5 })).rejects.toThrow(ObjectTooLarge)
      await expectNothing('over')
      expect((await store.put('over', once(Buffer.from('абв')), { maxBytes: 6 })).size).toBe(6)
    })

    test.each(PLACES)(
      'ends at once when aborted while the source is silent %s, and leaves nothing',
      async (_, mebibytes) => {
        const abort = new AbortController()
        const reason = new Error('The client has gone.')
        const putting = store.put(
          'aborted',
          silentAfter(mebibytes * MiB, () => abort.abort(reason)),
          {
            ...ROOMY,
            signal: abort.signal,
          },
        )
        await expect(putting).rejects.toBe(reason)
        await expectNothing('aborted')
      },
    )

    test('asks a source for nothing when it is aborted already', async () => {
      const source = watched(once(Buffer.from('x')))
      const reason = new Error('Too late.')
      await expect(store.put('late', source, { ...ROOMY, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      expect(source.bytes).toBe(0)
      await expectNothing('late')
    })

    test.each(PLACES)('passes on the error of a source that breaks %s, and leaves nothing', async (_, mebibytes) => {
      const broken = new Error("З'єднання обірвано")
      await expect(store.put('broken', breaksAfter(mebibytes * MiB, broken), ROOMY)).rejects.toBe(broken)
      await expectNothing('broken')
    })

    test('shows the old object until the new one is whole', async () => {
      const old = Buffer.from('стара версія')
      const fresh = randomBytes(9 * MiB)
      await store.put('same', once(old), ROOMY)
      const gate = Promise.withResolvers<void>()
      const reached = Promise.withResolvers<void>()

      const putting = store.put('same', gated(fresh, reached.resolve, gate.promise), ROOMY)
      await reached.promise
      expect((await read(store, 'same')).equals(old)).toBe(true)
      gate.resolve()
      await putting

      expect((await read(store, 'same')).equals(fresh)).toBe(true)
      expect(await listed(store, '')).toMatchObject([{ key: 'same', size: fresh.byteLength }])
    })

    test('keeps the old object when the new one breaks', async () => {
      await store.put('same', once(Buffer.from('старе')), ROOMY)
      await expect(store.put('same', breaksAfter(9 * MiB, new Error('broken')), ROOMY)).rejects.toThrow('broken')
      expect((await read(store, 'same')).toString()).toBe('старе')
      expect(await made.leftovers()).toEqual([])
    })

    test('takes many puts at once', async () => {
      const bodies = Array.from({ length: 12 }, (_, n) => Buffer.from(`урок ${n}`))
      await Promise.all(bodies.map((body, n) => store.put(`many/${n}`, cut(body, 2), ROOMY)))
      for (const [n, body] of bodies.entries()) expect((await read(store, `many/${n}`)).equals(body)).toBe(true)
    })

    test('keeps one whole body of those put to one key at once', async () => {
      const bodies = Array.from({ length: 6 }, (_, n) => Buffer.alloc(CHUNK, n))
      const stored = await Promise.all(bodies.map((body) => store.put('contested', cut(body, 1000), ROOMY)))
      expect(stored).toEqual(bodies.map(factsOf))
      const kept = await read(store, 'contested')
      expect(bodies.filter((body) => body.equals(kept))).toHaveLength(1)
      expect(await made.leftovers()).toEqual([])
    })

    test('knows nothing of a key that was never put', async () => {
      await expect(store.get('missing/object')).rejects.toMatchObject({ name: 'ObjectNotFound', key: 'missing/object' })
      expect(await store.head('missing/object')).toBeUndefined()
      await store.delete('missing/object')
    })

    test('deletes', async () => {
      await store.put('a/gone', once(Buffer.from('1')), ROOMY)
      await store.put('a/kept', once(Buffer.from('2')), ROOMY)
      await store.delete('a/gone')
      await store.delete('a/gone')
      expect(await store.head('a/gone')).toBeUndefined()
      await expect(store.get('a/gone')).rejects.toThrow(ObjectNotFound)
      expect((await listed(store, 'a/')).map(({ key }) => key)).toEqual(['a/kept'])
    })

    test('a folder of keys is no object', async () => {
      await store.put('a/b/c', once(Buffer.from('1')), ROOMY)
      await expect(store.get('a/b')).rejects.toThrow(ObjectNotFound)
      expect(await store.head('a/b')).toBeUndefined()
      await store.delete('a/b')
      await expect(store.get('a/b/c/d')).rejects.toThrow(ObjectNotFound)
      expect(await store.head('a/b/c/d')).toBeUndefined()
      expect(await store.head('a/b/c')).toEqual({ size: 1 })
    })

    test('lists by prefix in the order of keys', async () => {
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
    })

    test.each(NO_KEYS)('refuses %j as a key', async (key) => {
      const source = watched(once(Buffer.from('x')))
      await expect(store.put(key, source, ROOMY)).rejects.toThrow(TypeError)
      expect(source.bytes).toBe(0)
      await expect(store.get(key)).rejects.toThrow(TypeError)
      await expect(store.head(key)).rejects.toThrow(TypeError)
      await expect(store.delete(key)).rejects.toThrow(TypeError)
      expect(await listed(store, '')).toEqual([])
    })

    test('refuses keys that some store would not take for their length', async () => {
      const segment = 'x'.repeat(250)
      await store.put(`${segment}/${segment}`, once(Buffer.from('x')), ROOMY)
      await expect(store.head(`${segment}x`)).rejects.toThrow(TypeError)
      await expect(store.head(Array(5).fill(segment).join('/'))).rejects.toThrow(TypeError)
    })

    test.each(['/', '../', 'a/../', './', '.incoming/', 'a b'])('refuses %j as a prefix', async (prefix) => {
      await expect(listed(store, prefix)).rejects.toThrow(TypeError)
    })

    test('a stream that is left does not hold up the next', async () => {
      await store.put('half', once(randomBytes(4 * MiB)), ROOMY)
      const left = await store.get('half')
      for await (const _ of left) break
      await expect.poll(() => left.destroyed).toBe(true)
      expect(await read(store, 'half')).toHaveLength(4 * MiB)
    })

    test('a get ends with its signal', async () => {
      const bytes = randomBytes(4 * MiB)
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
      await store.check(new AbortController().signal)
      expect(await listed(store, '')).toEqual([])
      expect(await made.leftovers()).toEqual([])
      const reason = new Error('Out of time.')
      await expect(store.check(AbortSignal.abort(reason))).rejects.toBe(reason)
    })
  })
}
