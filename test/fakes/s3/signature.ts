import { createHash, createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from './s3-error.ts'

export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

const ALGORITHM = 'AWS4-HMAC-SHA256'
const MAX_SKEW_MS = 15 * 60_000
const MAX_EXPIRY_S = 7 * 24 * 3600

export type Credentials = { accessKey: string; secretKey: string; region?: string | undefined }

/** `path` and `query` as they came over the wire, still encoded. */
export type SignedRequest = { method: string; path: string; query: string; headers: IncomingHttpHeaders }

type Claim = {
  credential: string
  signedHeaders: string
  signature: string
  timestamp: string
  payloadHash: string
  query: string
}

/**
 * Checks an AWS Signature Version 4 in the Authorization header or the query, by Amazon's "Authenticating Requests" pages.
 * Returns the payload hash that the signature covers, or throws the S3Error that S3 would answer.
 */
export function verifySignature(request: SignedRequest, credentials: Credentials, now: Date): string {
  const claim = new URLSearchParams(request.query).has('X-Amz-Algorithm')
    ? claimOfQuery(request, now)
    : claimOfHeader(request, now)
  const { scope, accessKey } = readCredential(claim)
  if (accessKey !== credentials.accessKey) {
    throw new S3Error(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  }
  if (credentials.region !== undefined && scope.split('/')[1] !== credentials.region) {
    throw new S3Error(400, 'AuthorizationHeaderMalformed', `The region is wrong; expecting '${credentials.region}'.`)
  }
  if (Math.abs(timeOf(claim.timestamp) - now.getTime()) > MAX_SKEW_MS && !claim.query.includes('X-Amz-Expires')) {
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      "The difference between the request time and the server's time is too large.",
    )
  }
  requireSigned(request.headers, claim.signedHeaders.split(';'))
  if (signatureOf(request, { ...claim, scope }, credentials.secretKey) !== claim.signature) {
    throw new S3Error(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the one you provided.',
    )
  }
  return claim.payloadHash
}

/** The signature, in lower-case hex, of a request whose signed headers, scope, timestamp and payload hash are given. */
export function signatureOf(
  request: SignedRequest,
  signed: { scope: string; signedHeaders: string; timestamp: string; payloadHash: string; query: string },
  secretKey: string,
): string {
  const canonical = [
    request.method,
    request.path.split('/').map(recode).join('/'),
    canonicalQuery(signed.query),
    ...signed.signedHeaders.split(';').map((name) => `${name}:${canonicalValue(request.headers[name])}`),
    '',
    signed.signedHeaders,
    signed.payloadHash,
  ].join('\n')
  const text = [ALGORITHM, signed.timestamp, signed.scope, sha256(canonical)].join('\n')
  const key = signed.scope.split('/').reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretKey}`)
  return hmac(key, text).toString('hex')
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function claimOfHeader({ headers, query }: SignedRequest, now: Date): Claim {
  const authorization = headers.authorization
  if (authorization === undefined) throw new S3Error(403, 'AccessDenied', 'Access Denied')
  const found = /^AWS4-HMAC-SHA256 Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/.exec(
    authorization,
  )
  const [, credential, signedHeaders, signature] = found ?? []
  if (!credential || !signedHeaders || !signature) {
    throw new S3Error(400, 'AuthorizationHeaderMalformed', 'The authorization header you provided is invalid.')
  }
  const payloadHash = one(headers['x-amz-content-sha256'])
  if (payloadHash === undefined) {
    throw new S3Error(400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  }
  const timestamp = one(headers['x-amz-date']) ?? ''
  if (Math.abs(timeOf(timestamp) - now.getTime()) > MAX_SKEW_MS) {
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      "The difference between the request time and the server's time is too large.",
    )
  }
  return { credential, signedHeaders, signature, timestamp, payloadHash, query }
}

function claimOfQuery({ headers, query }: SignedRequest, now: Date): Claim {
  const fields = new URLSearchParams(query)
  const [credential, signedHeaders, signature, timestamp, expires] = [
    'X-Amz-Credential',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
    'X-Amz-Date',
    'X-Amz-Expires',
  ].map((name) => fields.get(name))
  const seconds = Number(expires)
  const complete = credential && signedHeaders && signature && timestamp
  if (!complete || fields.get('X-Amz-Algorithm') !== ALGORITHM || !(seconds >= 1 && seconds <= MAX_EXPIRY_S)) {
    throw new S3Error(
      400,
      'AuthorizationQueryParametersError',
      'The query parameters of the signature are missing or wrong.',
    )
  }
  const age = now.getTime() - timeOf(timestamp)
  if (age > seconds * 1000 || age < -MAX_SKEW_MS) throw new S3Error(403, 'AccessDenied', 'Request has expired')
  const payloadHash = one(headers['x-amz-content-sha256']) ?? UNSIGNED_PAYLOAD
  const signed = query.split('&').filter((field) => !field.startsWith('X-Amz-Signature='))
  return { credential, signedHeaders, signature, timestamp, payloadHash, query: signed.join('&') }
}

function readCredential({ credential, timestamp }: Claim): { accessKey: string; scope: string } {
  const parts = credential.split('/')
  const [date, , service, end] = parts.slice(-4)
  if (parts.length < 5 || service !== 's3' || end !== 'aws4_request' || date !== timestamp.slice(0, 8)) {
    throw new S3Error(400, 'AuthorizationHeaderMalformed', 'The credential scope is wrong.')
  }
  return { accessKey: parts.slice(0, -4).join('/'), scope: parts.slice(-4).join('/') }
}

/** S3 wants the host and every x-amz-* header under the signature. */
function requireSigned(headers: IncomingHttpHeaders, signed: string[]): void {
  const needed = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'))
  if (needed.some((name) => !signed.includes(name))) {
    throw new S3Error(403, 'AccessDenied', 'There were headers present in the request which were not signed')
  }
}

function timeOf(timestamp: string): number {
  const iso = timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  const time = iso === timestamp ? Number.NaN : Date.parse(iso)
  if (Number.isNaN(time))
    throw new S3Error(403, 'AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
  return time
}

function canonicalQuery(query: string): string {
  const fields = query.split('&').filter((field) => field !== '')
  const pairs = fields.map((field) => {
    const at = field.indexOf('=')
    return at < 0 ? [recode(field), ''] : [recode(field.slice(0, at)), recode(field.slice(at + 1))]
  })
  const bytewise = (a: string, b: string) => (a < b ? -1 : Number(a > b))
  return pairs
    .sort(([a = '', x = ''], [b = '', y = '']) => bytewise(a, b) || bytewise(x, y))
    .map((pair) => pair.join('='))
    .join('&')
}

function canonicalValue(value: string | string[] | undefined): string {
  return (one(value) ?? '').trim().replaceAll(/ +/g, ' ')
}

/** Encodes as the signature wants it, whatever the client chose to encode. */
function recode(encoded: string): string {
  return encodeURIComponent(decodeURIComponent(encoded)).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
