import { isIP } from 'node:net'
import { type AddressRule, addressRuleOf, type Reach } from './addresses.ts'
import { WebError } from './errors.ts'

const MAX_CHARS = 2048
/** Names that mean something inside a network only: RFC 6761, 6762, 8375 and ICANN's `internal`. */
const INTERNAL_SUFFIXES = ['localhost', 'local', 'internal', 'home.arpa']

/** What is wrong with a URL as it is written, as a sentence for whoever wrote it; null when nothing is. Looks up no name. */
export function refuseUrl(text: string, reach: Reach = 'public'): string | null {
  try {
    requireUrl(text, { reach })
    return null
  } catch (error) {
    if (error instanceof WebError) return error.message
    throw error
  }
}

/**
 * The parsed URL. Throws `web.bad_url` or `web.refused_address` when it may not be fetched, as far as the writing shows.
 * The WHATWG parser has turned every spelling of an IPv4 address (decimal, octal, hexadecimal, short) into the usual one.
 */
export function requireUrl(
  text: string,
  { reach = 'public', isAllowed = addressRuleOf(reach) }: { reach?: Reach; isAllowed?: AddressRule } = {},
): URL {
  if (text.length > MAX_CHARS) throw badUrl(`The URL is longer than ${MAX_CHARS} characters.`)
  const url = URL.parse(text)
  if (!url) throw badUrl('This is not a URL.')
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw badUrl('The URL must start with http:// or https://.')
  if (url.username || url.password) throw badUrl('The URL must not contain a user name or a password.')
  if (!isUsablePort(url.port)) throw badUrl('The URL must use port 80 or 443, or one from 1024 on.')
  checkHost(url.hostname, { reach, isAllowed })
  return url
}

function checkHost(hostname: string, { reach, isAllowed }: { reach: Reach; isAllowed: AddressRule }): void {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.+$/, '')
  const refused = isIP(host) ? !isAllowed(host) : reach === 'public' && isInternalName(host)
  if (refused) throw new WebError('web.refused_address', 'The URL must lead to a host on the public internet.')
}

function isInternalName(host: string): boolean {
  return !host.includes('.') || INTERNAL_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))
}

/** Well-known ports other than these belong to other protocols, some of which can be talked to over HTTP. */
function isUsablePort(port: string): boolean {
  return port === '' || port === '80' || port === '443' || Number(port) >= 1024
}

function badUrl(message: string): WebError {
  return new WebError('web.bad_url', message)
}
