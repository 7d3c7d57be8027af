import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redact } from './redact.ts'

const KEY = `cs_live_${'0123456789abcdef'.repeat(2)}`
const HIDDEN = 'wJalrXUtnFEMI7MDENGbPxRfiCY'

test.each([
  ['a key', `key ${KEY} was sent`],
  ['a key within a word', `x_${KEY}Z`],
  ['a key that was cut short', KEY.slice(0, 20)],
  ['a test key', KEY.replace('live', 'test')],
])('%s keeps its prefix only', (_what, text) => {
  expect(redact(text)).toMatch(/cs_(live|test)_0123\[redacted\]/)
  expect(redact(text)).not.toContain('01234')
})

test.each([
  ['a password in a URL', `postgres://app:${HIDDEN}@db:5432/x`],
  ['a password in a URL without a user', `redis://:${HIDDEN}@cache:6379`],
  ['a password with the signs of a URL', `postgres://app:a:b%40${HIDDEN}@db/x`],
  ['a bearer token', `authorization: Bearer ${HIDDEN}`],
  ['basic authentication', `Basic ${Buffer.from(HIDDEN).toString('base64')}`],
  ['an OpenAI key', `sk-proj-${HIDDEN}`],
  ['a Gemini key', `AIza${HIDDEN}abc`],
  ['an S3 signature', `AWS4-HMAC-SHA256 Credential=AKIA/20260901/eu, Signature=${HIDDEN}`],
  ['a presigned URL', `https://s3.example/b/k?X-Amz-Signature=${HIDDEN}&x=1`],
  ['a key as a parameter', `https://api.example/v1?key=${HIDDEN}`],
  ['a field', JSON.stringify({ password: HIDDEN })],
  ['a field with quotes in its value', JSON.stringify({ secret: `a"b\\"${HIDDEN}` })],
  ['a field in JSON in JSON', JSON.stringify({ body: JSON.stringify({ api_key: `a"${HIDDEN}` }) })],
  ['a header', JSON.stringify({ 'X-API-Key': HIDDEN, Authorization: HIDDEN, 'set-cookie': HIDDEN })],
  ['the AWS SDK’s field', JSON.stringify({ secretAccessKey: HIDDEN, sessionToken: HIDDEN })],
  ['a variable', `POSTGRES_PASSWORD=${HIDDEN} PORT=8000`],
  ['an inspected object', `{ S3_SECRET_KEY: '${HIDDEN}' }`],
])('%s is blotted out', (_what, text) => {
  expect(redact(text)).toContain('[redacted]')
  expect(redact(text)).not.toContain(HIDDEN)
  expect(redact(text)).not.toContain(HIDDEN.slice(4, 16))
})

test.each([
  'Basic programming for beginners',
  'Basic Introduction and Bearer authentication',
  'Основи: Basic Internationalization',
  'http://[::1]:8000/api/v1',
  'see https://example.com:8443/a@b and mail ivan@example.com',
  'a task-oriented-programming-exercise',
  '{"key_prefix":"cs_live_0123","tokens_in":12,"next_cursor":"AAAA"}',
  '{"code":"auth.key_missing","detail":"Send your API key in the X-API-Key header."}',
  '{"level":"info","time":"2026-09-01T08:00:00.000Z","route":"/api/v1/students/:studentId/progress","status":404}',
  'The password is wrong.',
])('leaves alone: %s', (text) => {
  expect(redact(text)).toBe(text)
})

test('a line of JSON stays a line of JSON', () => {
  fc.assert(
    fc.property(fc.record({ password: fc.string(), note: fc.string(), inner: fc.json() }), (value) => {
      const line = JSON.parse(redact(JSON.stringify({ ...value, url: `postgres://a:${value.password}@b` })))
      expect(line.password).toBe('[redacted]')
    }),
  )
})

test.each(['"password":"\\"a://:', 'a-', 'Basic ', '\\"password\\":\\"', 'sk-a', 'x://', '?key=&', 'ї'])(
  'a long line of %s takes no longer than it is long',
  (piece) => {
    const line = piece.repeat(100_000)
    const began = performance.now()
    redact(line)
    // Some 20 ms; what grows with the square of the line takes a minute.
    expect(performance.now() - began).toBeLessThan(3_000)
  },
)
