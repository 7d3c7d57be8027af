import { afterEach, expect, test, vi } from 'vitest'
import { createOneRequest } from './one-request.ts'

afterEach(() => void vi.unstubAllGlobals())

test('one attempt is one request, even for a package that would go on with another', async () => {
  const sent = vi.fn(async () => new Response('one'))
  vi.stubGlobal('fetch', sent)
  const wire = createOneRequest({ firstByteMs: 60_000, silenceMs: 60_000, maxBytes: 100 }, () => {})
  expect(wire.isSent()).toBe(false)
  expect(await (await wire.fetch('http://127.0.0.1/')).text()).toBe('one')
  await expect(wire.fetch('http://127.0.0.1/')).rejects.toThrow('One attempt is one request.')
  wire.stop()
  expect([wire.isSent(), wire.isBroken(), sent.mock.calls.length]).toEqual([true, false, 1])
})

test('a body that breaks off ends after all that came', async () => {
  const pieces = ['one ', 'two ', 'three']
  const body = new ReadableStream({
    pull(controller) {
      const piece = pieces.shift()
      if (piece === undefined) controller.error(new Error('reset'))
      else controller.enqueue(new TextEncoder().encode(piece))
    },
  })
  vi.stubGlobal('fetch', async () => new Response(body))
  const wire = createOneRequest({ firstByteMs: 60_000, silenceMs: 60_000, maxBytes: 100 }, () => {})
  expect(await (await wire.fetch('http://127.0.0.1/')).text()).toBe('one two three')
  wire.stop()
  expect(wire.isBroken()).toBe(true)
})
