import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** https://www.iana.org/assignments/ipv6-unicast-address-assignments: nothing else has been given to anyone. */
const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** How far requests may go: to the public internet alone, or to this machine and its networks, too. */
export type Reach = 'public' | 'nearby'

/** Tells whether a connection to the address is allowed. */
export type AddressRule = (address: string) => boolean

/**
 * Whether the IP address belongs to the public internet. Everything with a special meaning does not: private, loopback,
 * link-local, carrier-grade NAT, multicast, documentation and benchmark ranges, and the IPv6 forms that carry an IPv4
 * address inside (mapped, compatible, NAT64, 6to4, Teredo). https://www.iana.org/assignments/iana-ipv4-special-registry
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST_V6)
}

const NEARBY = new Set(['loopback', 'private', 'uniqueLocal'])

/** The same, and this machine and its private networks. What is link-local stays closed: clouds answer there with their machines' credentials. */
export function isNearbyAddress(address: string): boolean {
  return isPublicAddress(address) || (isIP(address) !== 0 && NEARBY.has(ipaddr.parse(address).range()))
}

export const addressRuleOf = (reach: Reach): AddressRule => (reach === 'public' ? isPublicAddress : isNearbyAddress)
