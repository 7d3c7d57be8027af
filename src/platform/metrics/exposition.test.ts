import { expect, test } from 'vitest'
import { exposition, type Family } from './exposition.ts'

const family = (more: Partial<Family>): Family => ({
  ...{ name: 'requests_total', help: 'Requests.', type: 'counter', across: 'sum', samples: [{ labels: {}, value: 1 }] },
  ...more,
})

// The rules are those of https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
test('a family has its help, its type and a line each sample, and ends in a line feed', () => {
  const samples = [
    { labels: { method: 'GET', status: '2xx' }, value: 1027 },
    { labels: {}, value: 3.5 },
  ]
  expect(exposition([family({ samples })])).toBe(
    '# HELP requests_total Requests.\n# TYPE requests_total counter\n' +
      'requests_total{method="GET",status="2xx"} 1027\nrequests_total 3.5\n',
  )
})

test('help escapes backslash and line feed; a label its quotes, too', () => {
  const text = 'a\\b\n"c"'
  const written = exposition([family({ help: text, samples: [{ labels: { path: text }, value: 0 }] })])
  expect(written).toContain('# HELP requests_total a\\\\b\\n"c"\n')
  expect(written).toContain('requests_total{path="a\\\\b\\n\\"c\\""} 0\n')
  expect(written.split('\n')).toHaveLength(4)
})

test.each([
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
  [1e21, '1e+21'],
  [-0.5, '-0.5'],
])('%s is written as %s', (value, text) => {
  expect(exposition([family({ samples: [{ labels: {}, value }] })])).toContain(`requests_total ${text}\n`)
})

test('a family without samples is left out; a name that cannot be is refused', () => {
  expect(exposition([family({ samples: [] })])).toBe('')
  expect(() => exposition([family({ name: 'requests-total' })])).toThrow('requests-total is no name of a metric')
  expect(() => exposition([family({ samples: [{ labels: { 'a:b': '' }, value: 1 }] })])).toThrow('a:b is no name')
})
