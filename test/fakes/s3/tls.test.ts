import { randomBytes } from 'node:crypto'
import tls from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cut, read } from '#test/contract/bodies.ts'
import { startS3Store } from './store.ts'
import { selfSigned } from './tls.ts'

const trusted = tls.getCACertificates('default')
const certificate = selfSigned()

// What NODE_EXTRA_CA_CERTS does for a process that is yet to start.
beforeAll(() => tls.setDefaultCACertificates([...trusted, certificate.cert]))
afterAll(() => tls.setDefaultCACertificates(trusted))

const ROOMY = { maxBytes: 100_000_000 }

test('the store speaks TLS to a server whose authority it was told of, and to no other', async () => {
  const known = await startS3Store({}, { tls: certificate })
  expect(known.server.url).toMatch(/^https:/)
  for (const bytes of [Buffer.from('Лекція'), randomBytes(9 * 1024 * 1024)]) {
    await known.store.put('a', cut(bytes, 100_000), ROOMY)
    expect((await read(known.store, 'a')).equals(bytes)).toBe(true)
  }
  await known.close()

  const stranger = await startS3Store({ timeouts: { backoffMs: 1 } }, { tls: selfSigned() })
  const putting = stranger.store.put('a', cut(Buffer.from('Лекція'), 5), ROOMY)
  await expect(putting).rejects.toMatchObject({ code: expect.stringMatching(/CERT|SIGNATURE/) })
  expect(stranger.server.requests).toEqual([])
  await stranger.close()
})
