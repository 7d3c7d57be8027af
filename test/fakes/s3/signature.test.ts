import { describe, expect, test } from 'vitest'
import { type SignedRequest, sha256, signatureOf, UNSIGNED_PAYLOAD, verifySignature } from './signature.ts'

// The examples of Amazon's "Authenticating Requests (AWS Signature Version 4)" pages for S3.
const CREDENTIALS = { accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const NOW = new Date('2013-05-24T00:00:00Z')
const SCOPE = '20130524/us-east-1/s3/aws4_request'
const HOST = 'examplebucket.s3.amazonaws.com'
const EMPTY = sha256('')

function inHeader(
  request: Omit<SignedRequest, 'headers'>,
  headers: Record<string, string>,
  signature: string,
): SignedRequest {
  const sent = { host: HOST, 'x-amz-date': '20130524T000000Z', ...headers }
  const signed = Object.keys(sent).sort().join(';')
  const authorization = `AWS4-HMAC-SHA256 Credential=${CREDENTIALS.accessKey}/${SCOPE}, SignedHeaders=${signed}, Signature=${signature}`
  return { ...request, headers: { ...sent, authorization } }
}

function inQuery(fields: Record<string, string> = {}, headers: Record<string, string> = {}): SignedRequest {
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${CREDENTIALS.accessKey}/${SCOPE}`,
    'X-Amz-Date': '20130524T000000Z',
    'X-Amz-Expires': '86400',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    ...fields,
  })
  return { method: 'GET', path: '/test.txt', query: query.toString(), headers: { host: HOST, ...headers } }
}

const getObject = inHeader(
  { method: 'GET', path: '/test.txt', query: '' },
  { range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY },
  'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
)
const putObject = inHeader(
  { method: 'PUT', path: '/test%24file.text', query: '' },
  {
    date: 'Fri, 24 May 2013 00:00:00 GMT',
    'x-amz-content-sha256': sha256('Welcome to Amazon S3.'),
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  },
  '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
)
const listObjects = inHeader(
  { method: 'GET', path: '/', query: 'max-keys=2&prefix=J' },
  { 'x-amz-content-sha256': EMPTY },
  '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
)

describe("accepts Amazon's example", () => {
  test.each([
    ['GET Object', getObject, EMPTY],
    ['PUT Object', putObject, sha256('Welcome to Amazon S3.')],
    ['GET Bucket', listObjects, EMPTY],
    ['of a presigned URL', inQuery(), UNSIGNED_PAYLOAD],
  ])('%s', (_, request, payloadHash) => {
    expect(verifySignature(request, CREDENTIALS, NOW)).toBe(payloadHash)
  })

  test('in a character the client left unencoded', () => {
    expect(verifySignature({ ...putObject, path: '/test$file.text' }, CREDENTIALS, NOW)).toBeDefined()
  })

  test('up to 15 minutes early or late', () => {
    for (const now of ['2013-05-23T23:45:00Z', '2013-05-24T00:15:00Z']) {
      expect(verifySignature(getObject, CREDENTIALS, new Date(now))).toBe(EMPTY)
    }
  })

  test('presigned, until it expires', () => {
    expect(verifySignature(inQuery(), CREDENTIALS, new Date('2013-05-25T00:00:00Z'))).toBe(UNSIGNED_PAYLOAD)
  })
})

describe('refuses', () => {
  const at = (time: string) => new Date(time)

  test.each<[string, SignedRequest, Date, string]>([
    ['no signature', { ...getObject, headers: { host: HOST } }, NOW, 'AccessDenied'],
    ['another method', { ...getObject, method: 'DELETE' }, NOW, 'SignatureDoesNotMatch'],
    ['another path', { ...getObject, path: '/other.txt' }, NOW, 'SignatureDoesNotMatch'],
    ['another query', { ...listObjects, query: 'max-keys=3&prefix=J' }, NOW, 'SignatureDoesNotMatch'],
    ['one more parameter', { ...listObjects, query: `${listObjects.query}&uploads` }, NOW, 'SignatureDoesNotMatch'],
    ['a changed header', changed(getObject, { range: 'bytes=0-99' }), NOW, 'SignatureDoesNotMatch'],
    ['an unsigned x-amz header', changed(getObject, { 'x-amz-acl': 'public-read' }), NOW, 'AccessDenied'],
    ['another payload hash', changed(getObject, { 'x-amz-content-sha256': sha256('x') }), NOW, 'SignatureDoesNotMatch'],
    ['no payload hash', changed(getObject, { 'x-amz-content-sha256': undefined }), NOW, 'InvalidRequest'],
    ['a clock 16 minutes slow', getObject, at('2013-05-24T00:16:00Z'), 'RequestTimeTooSkewed'],
    ['a clock 16 minutes fast', getObject, at('2013-05-23T23:44:00Z'), 'RequestTimeTooSkewed'],
    ['no date', changed(getObject, { 'x-amz-date': 'soon' }), NOW, 'AccessDenied'],
    ['garbage', changed(getObject, { authorization: 'AWS4-HMAC-SHA256 x' }), NOW, 'AuthorizationHeaderMalformed'],
    ['a presigned URL a second after its end', inQuery(), at('2013-05-25T00:00:01Z'), 'AccessDenied'],
    ['a presigned URL before its time', inQuery(), at('2013-05-23T23:44:00Z'), 'AccessDenied'],
    ['a presigned URL made to last longer', inQuery({ 'X-Amz-Expires': '86401' }), NOW, 'SignatureDoesNotMatch'],
    ['a week and a second', inQuery({ 'X-Amz-Expires': '604801' }), NOW, 'AuthorizationQueryParametersError'],
    ['a presigned URL with an x-amz header', inQuery({}, { 'x-amz-acl': 'public-read' }), NOW, 'AccessDenied'],
    ['the scope of another day', inQuery({ 'X-Amz-Date': '20130523T235900Z' }), NOW, 'AuthorizationHeaderMalformed'],
  ])('%s', (_, request, now, code) => {
    expect(() => verifySignature(request, CREDENTIALS, now)).toThrow(expect.objectContaining({ code }))
  })

  test.each([
    ['another secret', { secretKey: 'wrong' }, 'SignatureDoesNotMatch'],
    ['another access key', { accessKey: 'AKIAOTHER' }, 'InvalidAccessKeyId'],
    ['another region', { region: 'eu-central-003' }, 'AuthorizationHeaderMalformed'],
  ])('%s', (_, other, code) => {
    for (const request of [getObject, inQuery()]) {
      expect(() => verifySignature(request, { ...CREDENTIALS, ...other }, NOW)).toThrow(
        expect.objectContaining({ code }),
      )
    }
  })
})

test('the order and the encoding of parameters do not matter to the signature', () => {
  const signed = { scope: SCOPE, signedHeaders: 'host', timestamp: '20130524T000000Z', payloadHash: EMPTY }
  const request = { method: 'GET', path: '/', query: '', headers: { host: HOST } }
  const one = signatureOf(request, { ...signed, query: 'b=%D1%97%20(1)&a=&a=0&c' }, 'secret')
  const other = signatureOf(request, { ...signed, query: 'c=&a=0&a&b=%d1%97%20%281%29' }, 'secret')
  expect(one).toBe(other)
})

function changed(request: SignedRequest, headers: SignedRequest['headers']): SignedRequest {
  return { ...request, headers: { ...request.headers, ...headers } }
}
