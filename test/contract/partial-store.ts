import { describe, expect, test } from 'vitest'
import { ObjectNotFound, ObjectTooLarge, type PartialObject } from '#platform/objects/index.ts'
import { breaksAfter, CHUNK, cut, from, listed, noise, once, read, silentAfter, watched } from './bodies.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const MiB = 1024 * 1024
const PART = 8 * MiB

/** What every store must do with objects that are written over several requests. */
export function partialStoreContract(underTest: () => StoreUnderTest): void {
  describe('in several requests', () => {
    const partial = () => underTest().store.partial

    /** Appends, and keeps what was saved as a caller does who keeps it as JSON. */
    async function append(
      key: string,
      account: PartialObject,
      body: AsyncIterable<Uint8Array>,
      { size, signal }: { size: number; signal?: AbortSignal },
    ) {
      const kept = [account]
      const saved = async (next: PartialObject) => void kept.push(JSON.parse(JSON.stringify(next)))
      const appending = partial().append(key, account, body, { size, saved, ...(signal ? { signal } : {}) })
      const outcome = await appending.then(
        (appended) => ({ appended, error: undefined }),
        (error: unknown) => ({ appended: undefined, error }),
      )
      const last = kept.at(-1) ?? account
      if (outcome.appended) expect(outcome.appended).toEqual(last)
      return { ...outcome, account: last, offsets: kept.map(({ offset }) => offset) }
    }

    async function unfinished(prefix = '') {
      const found: { key: string; uploadId: string; startedAt: Date }[] = []
      for await (const one of partial().list(prefix)) found.push(one)
      return found
    }

    async function expectOnly(...keys: string[]): Promise<void> {
      expect((await listed(underTest().store, '')).map(({ key }) => key)).toEqual(keys)
      expect(await unfinished()).toEqual([])
      expect(await underTest().leftovers()).toEqual([])
    }

    test.each<[string, number, number[]]>([
      ['at one go', 16 * MiB + 1, [16 * MiB + 1]],
      ['in small pieces', 9 * MiB, [5, 0, 1, 3 * MiB, 6 * MiB - 6]],
      ['in pieces of a part', 2 * PART, [PART, PART]],
      ['in pieces across the ends of parts', 17 * MiB, [7 * MiB, 2 * MiB, 7 * MiB, 1 * MiB]],
      ['of less than a part', 11, [6, 5]],
      ['of nothing', 0, []],
    ])('writes an object %s', async (_, size, pieces) => {
      const { store } = underTest()
      const bytes = noise(size)
      let account = await partial().begin('a/whole', { size, contentType: 'video/mp4' })
      expect(account.offset).toBe(0)
      for (const piece of pieces) {
        const { offset } = account
        const body = cut(bytes.subarray(offset, offset + piece), CHUNK + 1)
        const { account: next, error, offsets } = await append('a/whole', account, body, { size })
        expect(error).toBeUndefined()
        expect(next.offset).toBe(offset + piece)
        expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
        const steps = offsets.map((at, n) => at - (offsets[n - 1] ?? at))
        expect(Math.max(...steps)).toBeLessThanOrEqual(PART)
        await expect(store.get('a/whole')).rejects.toThrow(ObjectNotFound)
        account = next
      }
      await partial().complete('a/whole', account, { size })
      expect((await read(store, 'a/whole')).equals(bytes)).toBe(true)
      await expectOnly('a/whole')
    })

    test.each<[string, number]>([
      ['in the first part', 3 * MiB],
      ['in the second part', 10 * MiB],
    ])('goes on where a body broke %s', async (_, place) => {
      const size = 11 * MiB
      const bytes = noise(size)
      const broken = new Error("З'єднання обірвано")
      async function* breaking() {
        yield* cut(bytes.subarray(0, place), CHUNK)
        throw broken
      }
      const begun = await partial().begin('resumed', { size })
      const first = await append('resumed', begun, breaking(), { size })
      expect(first.error).toBe(broken)
      expect(first.account.offset).toBeLessThanOrEqual(place)
      expect(first.account.offset).toBeGreaterThanOrEqual(place - PART)

      const second = await append('resumed', first.account, cut(bytes.subarray(first.account.offset), CHUNK), { size })
      expect(second.account.offset).toBe(size)
      await partial().complete('resumed', second.account, { size })
      expect((await read(underTest().store, 'resumed')).equals(bytes)).toBe(true)
      await expectOnly('resumed')
    })

    test('a broken body changes nothing of what was kept of the one before', async () => {
      const size = 100
      const bytes = noise(size)
      const begun = await partial().begin('kept', { size })
      const { account } = await append('kept', begun, once(bytes.subarray(0, 40)), { size })
      expect((await append('kept', account, breaksAfter(50, new Error('broken')), { size })).account).toEqual(account)
      const end = await append('kept', account, once(bytes.subarray(40)), { size })
      await partial().complete('kept', end.account, { size })
      expect((await read(underTest().store, 'kept')).equals(bytes)).toBe(true)
    })

    test('what a writer stored and could not save is written over', async () => {
      const size = 9 * MiB
      const begun = await partial().begin('again', { size })
      const lost = new Error('The database is away.')
      const saved = async () => {
        throw lost
      }
      const wrong = partial().append('again', begun, cut(noise(size), CHUNK), { size, saved })
      await expect(wrong).rejects.toBe(lost)
      const bytes = noise(size)
      const { account } = await append('again', begun, cut(bytes, CHUNK), { size })
      await partial().complete('again', account, { size })
      expect((await read(underTest().store, 'again')).equals(bytes)).toBe(true)
    })

    test('a writer that was overtaken stops', async () => {
      const size = 30 * MiB
      const begun = await partial().begin('overtaken', { size })
      const overtaken = new Error('Somebody else writes.')
      const source = watched(cut(noise(size), CHUNK))
      let calls = 0
      const saved = async () => {
        calls += 1
        throw overtaken
      }
      await expect(partial().append('overtaken', begun, source, { size, saved })).rejects.toBe(overtaken)
      expect(calls).toBe(1)
      expect(source.closed).toBe(true)
      expect(source.bytes).toBeLessThan(size)
    })

    test.each<[string, number]>([
      ['in the first part', 1],
      ['in the second part', 9],
    ])('ends when aborted while the source is silent %s', async (_, mebibytes) => {
      const size = 20 * MiB
      const abort = new AbortController()
      const reason = new Error('The client has gone.')
      const begun = await partial().begin('silent', { size })
      const body = silentAfter(mebibytes * MiB, () => abort.abort(reason))
      const { error, account } = await append('silent', begun, body, { size, signal: abort.signal })
      expect(error).toBe(reason)
      expect(account.offset).toBeLessThanOrEqual(mebibytes * MiB)
    })

    test('asks a source for nothing when it is aborted already', async () => {
      const begun = await partial().begin('late', { size: 1 })
      const source = watched(once(Buffer.from('x')))
      const reason = new Error('Too late.')
      const { error } = await append('late', begun, source, { size: 1, signal: AbortSignal.abort(reason) })
      expect(error).toBe(reason)
      expect(source.bytes).toBe(0)
    })

    test('refuses one byte more than was declared, and still takes the right ones', async () => {
      const bytes = Buffer.from('абв')
      const begun = await partial().begin('over', { size: 6 })
      const { account } = await append('over', begun, once(bytes.subarray(0, 2)), { size: 6 })
      const { error, account: unchanged } = await append('over', account, from([bytes.subarray(2), bytes]), { size: 6 })
      expect(error).toBeInstanceOf(ObjectTooLarge)
      expect(error).toMatchObject({ maxBytes: 6 })
      expect(unchanged).toEqual(account)
      const { account: end } = await append('over', account, once(bytes.subarray(2)), { size: 6 })
      expect((await append('over', end, once(Buffer.from('г')), { size: 6 })).error).toBeInstanceOf(ObjectTooLarge)
      expect((await append('over', end, from([]), { size: 6 })).account).toEqual(end)
      await partial().complete('over', end, { size: 6 })
      expect((await read(underTest().store, 'over')).toString()).toBe('абв')
    })

    test.each([0, 5, PART + 5])('completes %i bytes again without harm', async (size) => {
      const bytes = noise(size)
      const begun = await partial().begin('twice', { size })
      const { account } = await append('twice', begun, once(bytes), { size })
      await partial().complete('twice', account, { size })
      await partial().complete('twice', account, { size })
      expect((await read(underTest().store, 'twice')).equals(bytes)).toBe(true)
      await expectOnly('twice')
    })

    test('does not complete what is not whole, or was aborted', async () => {
      const size = PART + 5
      const begun = await partial().begin('half', { size })
      const { account } = await append('half', begun, cut(noise(PART + 2), CHUNK), { size })
      await expect(partial().complete('half', account, { size })).rejects.toThrow()
      await partial().abort('half')
      await expect(partial().complete('half', account, { size })).rejects.toThrow()
      await expectOnly()
    })

    test('aborts every attempt of a key, and only those', async () => {
      const { store } = underTest()
      await store.put('a/one', once(Buffer.from('готове')), { maxBytes: 100 })
      const first = await partial().begin('a/one', { size: 9 })
      await append('a/one', first, once(Buffer.from('ось')), { size: 9 })
      await partial().begin('a/one', { size: 9 })
      for (const key of ['a/one/more', 'a/one-more', 'a/on']) await partial().begin(key, { size: 9 })
      expect(await unfinished('a/one')).toHaveLength(4)

      await partial().abort('a/one')
      await partial().abort('a/one')

      expect((await unfinished()).map(({ key }) => key).sort()).toEqual(['a/on', 'a/one-more', 'a/one/more'])
      expect((await read(store, 'a/one')).toString()).toBe('готове')
      expect(await listed(store, '')).toHaveLength(1)
    })

    test('lists what is unfinished', async () => {
      const before = Date.now()
      const { uploadId } = await partial().begin('b/2', { size: 9 })
      await partial().begin('b/10', { size: 9 })
      await partial().begin('c', { size: 9 })
      expect((await unfinished('b/')).map(({ key }) => key).sort()).toEqual(['b/10', 'b/2'])
      const [found] = await unfinished('b/2')
      expect(found).toMatchObject({ key: 'b/2', uploadId })
      expect(Math.abs((found?.startedAt.getTime() ?? 0) - before)).toBeLessThan(60_000)
      expect(await listed(underTest().store, '')).toEqual([])
    })

    test('refuses what is no key', async () => {
      await expect(partial().begin('../a', { size: 1 })).rejects.toThrow(TypeError)
      await expect(partial().abort('.partial/a')).rejects.toThrow(TypeError)
      await expect(unfinished('../')).rejects.toThrow(TypeError)
    })
  })
}
