import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import type { AddressRule } from './addresses.ts'
import { WebError } from './errors.ts'

export type Address = { address: string; family: number }

/** Resolves a host name to all of its addresses. */
export type Lookup = (hostname: string) => Promise<Address[]>

type Deps = { lookup: Lookup; isAllowed: AddressRule; signal: AbortSignal }

/**
 * Opens connections to allowed addresses only. The name is looked up once per connection, here, and the connection goes to
 * what was checked: a name that changes its address in between gains nothing. One refused address refuses the name, for
 * which of them is used is otherwise chance. When `signal` aborts, every connection ends, finished or not: undici itself
 * does not abort a request that still waits for its connection.
 */
export function createGuardedConnector({ lookup, isAllowed, signal }: Deps): buildConnector.connector {
  const connect = buildConnector({ allowH2: false, timeout: 0, signal, lookup: guarded(lookup, isAllowed) })
  return (options, callback) => {
    // An address instead of a name is connected to without any lookup.
    const host = options.hostname.replace(/\.+$/, '')
    if (isIP(host) !== 0 && !isAllowed(host)) callback(refused(), null)
    else connect(options, callback)
  }
}

function guarded(lookup: Lookup, isAllowed: AddressRule): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      ([first, ...rest]) => {
        if (options.all) callback(null, [first, ...rest])
        else callback(null, first.address, first.family)
      },
      (error: Error) => callback(error, ''),
    )
  }

  async function resolve(hostname: string): Promise<[Address, ...Address[]]> {
    const [first, ...rest] = await lookup(hostname).catch((cause: unknown) => {
      throw notFound(cause)
    })
    if (!first) throw notFound()
    if (![first, ...rest].every(({ address }) => isAllowed(address))) throw refused()
    return [first, ...rest]
  }
}

function refused(): WebError {
  return new WebError('web.refused_address', 'The address leads to a host that is not on the public internet.')
}

function notFound(cause?: unknown): WebError {
  return new WebError('web.unreachable', 'The host could not be found.', { transient: true, cause })
}
