import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Stands for every address that is none: together they get what one address gets. */
const UNKNOWN = 'unknown'

/**
 * Who counts as one client: an IPv4 address, or the /64 of an IPv6 address, because that is the least a network gives
 * one customer and he chooses freely within it. An IPv4-mapped IPv6 address is its IPv4 address. One spelling for all
 * spellings of the same address; the zone id is dropped, it names our interface and not the client.
 */
export function addressGroup(ip: string | undefined): string {
  // ipaddr.js also reads 0x7f.1 and 010.0.0.1, which others read differently: node:net takes the plain spellings only.
  if (ip === undefined || isIP(ip) === 0) return UNKNOWN
  const address = ipaddr.parse(ip)
  if (!(address instanceof ipaddr.IPv6)) return address.toString()
  if (address.isIPv4MappedAddress()) return address.toIPv4Address().toString()
  return `${new ipaddr.IPv6([...address.parts.slice(0, 4), 0, 0, 0, 0]).toString()}/64`
}
