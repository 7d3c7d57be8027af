import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressGroup } from './address.ts'

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:207', '192.0.2.7'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7%eth0', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
  ['2001:db8::1', '2001:db8::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['fe80::2%25en1', 'fe80::/64'],
  ['::1', '::/64'],
])('%s belongs to %s', (ip, group) => {
  expect(addressGroup(ip)).toBe(group)
})

test.each([
  undefined,
  '',
  'unknown',
  'localhost',
  'адреса',
  ' 192.0.2.7',
  '192.0.2.7:443',
  '192.0.2.0/24',
  '192.0.2.256',
  '192.0.2',
  '3221225991',
  '0xc0.0.2.7',
  '0300.0.2.7',
  '[2001:db8::1]',
  '[2001:db8::1]:443',
  '2001:db8::1::2',
  '2001:db8:12345::1',
  '2001:db8::/64',
  '::1%',
  '192.0.2.7, 198.51.100.1',
])('%j is no address, and all of those are one client', (text) => {
  expect(addressGroup(text)).toBe('unknown')
})

test('every address of a /64 is in its group, however it is written', () => {
  const part = fc.integer({ min: 0, max: 0xffff })
  const four = fc.tuple(part, part, part, part)
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 0x2000, max: 0x3fff }), part, part, part),
      four,
      four,
      (network, one, other) => {
        const short = [...network, ...one].map((value) => value.toString(16)).join(':')
        const padded = [...network, ...other]
          .map((value) => value.toString(16).padStart(4, '0').toUpperCase())
          .join(':')
        expect(addressGroup(short)).toBe(addressGroup(padded))
        expect(addressGroup(short)).toMatch(/\/64$/)
      },
    ),
  )
})

test('no two IPv4 addresses share a group, and text never throws', () => {
  fc.assert(fc.property(fc.ipV4(), (ip) => addressGroup(ip) === ip))
  fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV6()), (text) => addressGroup(text).length > 0))
})
