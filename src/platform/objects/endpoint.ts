/**
 * What is wrong with an S3 endpoint, or undefined. Only TLS keeps what is sent from readers and changers on the way (the signature
 * of a part does not cover its bytes); on this machine there is no way. A stand-in elsewhere has a certificate whose authority Node
 * reads from the file that NODE_EXTRA_CA_CERTS names.
 */
export function refuseEndpoint(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return 'is no URL'
  const { protocol, hostname } = new URL(endpoint)
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return undefined
  return 'must begin with https:// unless it is on this machine (a private authority goes into NODE_EXTRA_CA_CERTS)'
}

/** As `URL` writes host names, with all forms of an IPv4 address normalized. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
