import { PassThrough, Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ObjectNotFound, type ObjectStore, ObjectTooLarge } from '#platform/objects/index.ts'
import {
  breaksAfter,
  CHUNK,
  cut,
  factsOf,
  from,
  gated,
  listed,
  noise,
  once,
  read,
  silentAfter,
  watched,
} from './bodies.ts'
import { objectReadingContract } from './object-reading.ts'
import { partialStoreContract } from './partial-store.ts'
import type { StoreUnderTest } from './store-under-test.ts'

export type { StoreUnderTest }

const MiB = 1024 * 1024

/** What a put may have read of its source while the store takes nothing: two parts, and a chunk on its way. */
const READ_AHEAD = 17 * MiB

/** Where a put stops, in MiB. */
const PLACES: [string, number][] = [
  ['in the first part', 1],
  ['after the first part', 9],
]

const ROOMY = { maxBytes: 100 * MiB }

/** What every driver of the object store must do, whatever keeps its bytes; `partial: false` leaves out objects in several requests. */
export function objectStoreContract(
  name: string,
  make: () => Promise<StoreUnderTest>,
  { partial = true }: { partial?: boolean } = {},
): void {
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
      expect(await store.head('a1/lesson-1.txt')).toMatchObject({ size: bytes.byteLength })
      expect(await made.leftovers()).toEqual([])
    })

    test.each([
      ['no chunk', []],
      ['an empty chunk', [new Uint8Array(0)]],
    ])('keeps an empty body of %s', async (_, chunks) => {
      expect(await store.put('empty', from(chunks), ROOMY)).toEqual(factsOf(Buffer.alloc(0)))
      expect(await store.head('empty')).toMatchObject({ size: 0 })
      expect(await read(store, 'empty')).toHaveLength(0)
    })

    test.each([
      ['just below one part', 8 * MiB - 1],
      ['of exactly one part', 8 * MiB],
      ['of one part and a byte', 8 * MiB + 1],
    ])('keeps a body %s', async (_, size) => {
      const bytes = noise(size)
      expect(await store.put('edge', once(bytes), ROOMY)).toEqual(factsOf(bytes))
      expect((await read(store, 'edge')).equals(bytes)).toBe(true)
      expect(await made.leftovers()).toEqual([])
    })

    test('takes 20 MiB chunk by chunk, one at a time', async () => {
      const bytes = noise(20 * MiB)
      const source = watched(cut(bytes, CHUNK + 1))

      expect(await store.put('large', source, ROOMY)).toEqual(factsOf(bytes))

      expect(source.mostAtOnce).toBe(1)
      expect((await read(store, 'large')).equals(bytes)).toBe(true)
      expect(await store.head('large')).toMatchObject({ size: bytes.byteLength })
      expect(await made.leftovers()).toEqual([])
    })

    test('does not read ahead of a store that takes nothing', async ({ skip }) => {
      const held = made.hold?.()
      if (!held) return skip('cannot be held up from outside')
      const source = watched(cut(noise(30 * MiB), CHUNK))

      const putting = store.put('slow', source, ROOMY)
      await held.began
      for (let turns = 0; turns < 1000; turns += 1) await turn()
      expect(source.bytes).toBeLessThan(READ_AHEAD)

      held.release()
      expect((await putting).size).toBe(30 * MiB)
    })

    test('refuses a body over its limit and reads no further', async () => {
      const source = watched(cut(noise(12 * MiB), CHUNK))
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
      const fresh = noise(9 * MiB)
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

    test('does not mix large bodies that are put at once', async () => {
      const bodies = [noise(9 * MiB), noise(10 * MiB)]
      const stored = await Promise.all(bodies.map((body, n) => store.put(`large/${n}`, cut(body, CHUNK), ROOMY)))
      expect(stored).toEqual(bodies.map(factsOf))
      for (const [n, body] of bodies.entries()) expect((await read(store, `large/${n}`)).equals(body)).toBe(true)
    })

    test('takes a stream, and leaves one whose bytes it refuses as it is', async () => {
      const bytes = noise(9 * MiB)
      expect(await store.put('stream', Readable.from(cut(bytes, CHUNK)), ROOMY)).toEqual(factsOf(bytes))
      expect((await read(store, 'stream')).equals(bytes)).toBe(true)

      const refused = Readable.from(cut(bytes, CHUNK))
      await expect(store.put('refused', refused, { maxBytes: MiB })).rejects.toThrow(ObjectTooLarge)
      expect(refused.destroyed).toBe(false)
      refused.destroy(new Error('A later error of it is nobody’s.'))
      expect(await store.head('refused')).toBeUndefined()
    })

    test('fails with a stream that fails or is closed before its end', async () => {
      const broken = new Error("З'єднання обірвано")
      await expect(store.put('broken', Readable.from(breaksAfter(9 * MiB, broken)), ROOMY)).rejects.toBe(broken)
      const closed = new PassThrough()
      closed.write('половина', () => closed.destroy())
      await expect(store.put('closed', closed, ROOMY)).rejects.toThrow('before its end')
      await expect(store.put('closed', closed, ROOMY)).rejects.toThrow('before its end')
      await expectNothing('closed')
    })

    test('keeps one whole body of those put to one key at once', async () => {
      const bodies = Array.from({ length: 6 }, (_, n) => Buffer.alloc(CHUNK, n))
      const stored = await Promise.all(bodies.map((body) => store.put('contested', cut(body, 1000), ROOMY)))
      expect(stored).toEqual(bodies.map(factsOf))
      const kept = await read(store, 'contested')
      expect(bodies.filter((body) => body.equals(kept))).toHaveLength(1)
      expect(await made.leftovers()).toEqual([])
    })

    objectReadingContract(() => made)
    if (partial) partialStoreContract(() => made)
  })
}
