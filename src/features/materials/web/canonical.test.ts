import iconv from 'iconv-lite'
import { expect, test } from 'vitest'
import { canonicalUrl } from './canonical.ts'
import { pageName } from './page-name.ts'

const URL_ = 'https://www.school.example/lesson?utm=1#part'
const OWN = 'https://www.school.example/lesson?utm=1'

const of = (head: string, fields: Partial<Parameters<typeof canonicalUrl>[0]> = {}) =>
  canonicalUrl({ url: URL_, contentType: 'text/html', charset: 'utf-8', body: Buffer.from(head), ...fields })
const link = (href: string) => `<html><head><link rel="canonical" href="${href}">`

test.each([
  ['https://www.school.example/lesson', 'https://www.school.example/lesson'],
  ['/урок', 'https://www.school.example/%D1%83%D1%80%D0%BE%D0%BA'],
  ['https://school.example/lesson#top', 'https://school.example/lesson'],
  ['?a=1&amp;b=2', 'https://www.school.example/lesson?a=1&b=2'],
  ['http://www.school.example/', 'http://www.school.example/'],
])('a page says its address: %s', (href, expected) => {
  expect(of(link(href))).toBe(expected)
})

test.each([
  ['<LINK HREF=/a REL=Canonical>'],
  ["<link href='/a' type=text/html rel='nofollow canonical'/>"],
  ['<title>a <link rel=canonical href=/no></title><link rel=canonical href=/a>'],
  ['<!-- <link rel=canonical href=/no> --><link rel=canonical href=/a>'],
  ['<script>"<link rel=canonical href=/no>"</script><style><link</style><link rel=canonical href=/a>'],
  [
    '<link rel=alternate href=/no><link data-rel=canonical href=/no><link rel=canonical href=/a><link rel=canonical href=/no>',
  ],
])('however it is written: %s', (head) => {
  expect(of(head)).toBe('https://www.school.example/a')
})

test.each([
  ['of another host', link('https://python.org/')],
  ['of another port', link('https://www.school.example:8443/')],
  ['of another kind', link('javascript:alert(1)')],
  ['with a password', link('https://a:b@www.school.example/')],
  ['that is none', link('https://[')],
  ['that is too long', link(`/${'a'.repeat(2_048)}`)],
  ['in the body', '<head></head><link rel=canonical href=/no>'],
  ['in a body without a head', '<body><link rel=canonical href=/no>'],
  ['in a comment without an end', '<!-- <link rel=canonical href=/no>'],
  ['too far down', ' '.repeat(300_000) + link('/no')],
  ['in plain text', link('/no'), 'text/plain'],
])('an address is not believed %s', (_what, html, contentType = 'text/html') => {
  expect(of(html, { contentType })).toBe(OWN)
})

test('in the encoding of the page', () => {
  const body = iconv.encode(link('/урок'), 'windows-1251')
  expect(of('', { body, charset: 'windows-1251' })).toBe('https://www.school.example/%D1%83%D1%80%D0%BE%D0%BA')
  expect(of(link('/a'), { charset: 'x-нема' })).toBe('https://www.school.example/a')
})

test('a page without an address short enough has none', () => {
  expect(of('', { url: `https://school.example/${'a'.repeat(2_048)}` })).toBeNull()
})

test.each(['<link ', '<!--', '<script', '<link rel=canonical ', '<link rel= ', '<', '<title></title', '<link href="'])(
  'a page that is made of %s takes no time',
  (piece) => {
    const began = performance.now()
    expect(of(piece.repeat(60_000))).toBe(OWN)
    expect(performance.now() - began).toBeLessThan(500)
  },
)

test.each([
  ['https://school.example/%D1%83%D1%80%D0%BE%D0%BA/', 'text/html; charset=utf-8', 'урок.html'],
  ['https://school.example/book.PDF?x=1', 'application/pdf', 'book.PDF'],
  ['https://school.example/', 'text/html', 'school.example.html'],
  ['https://school.example/a%2F..%2F%22b%0A', 'text/plain', 'a_.._b_.txt'],
  ['https://school.example/%ff', 'application/octet-stream', '_ff'],
])('the file of %s is called', (url, type, name) => {
  expect(pageName(url, type)).toBe(name)
})
