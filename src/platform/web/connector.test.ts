import { expect, test } from 'vitest'
import { isPublicAddress } from './addresses.ts'
import { createGuardedConnector } from './connector.ts'

test.each(['127.0.0.1', '::1', '169.254.169.254', '127.0.0.1.', '10.0.0.1..'])(
  '%s is refused even where nobody checked the URL before',
  async (hostname) => {
    const lookup = async () => Promise.reject(new Error('An address needs no lookup.'))
    const connect = createGuardedConnector({ lookup, isAllowed: isPublicAddress, signal: new AbortController().signal })
    const error = await new Promise((resolve) => {
      connect({ hostname, protocol: 'http:', port: '80' }, (...[failure]) => resolve(failure))
    })
    expect(error).toMatchObject({ code: 'web.refused_address' })
  },
)
