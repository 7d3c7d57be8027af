import { expect, test } from 'vitest'
import { refuseEndpoint } from './endpoint.ts'
import { createS3Store } from './s3-store.ts'

test.each([
  'https://s3.example',
  'https://minio:9000',
  'http://127.0.0.1:9',
  'http://localhost',
  'http://[::1]:9',
  'http://127.1',
])('takes %s', (endpoint) => {
  expect(refuseEndpoint(endpoint)).toBeUndefined()
})

test.each([
  'http://minio:9000',
  'http://localhost.example',
  'http://127.0.0.1.example',
  'http://10.0.0.1',
  'ftp://localhost',
])('refuses %s, and makes no store of it', (endpoint) => {
  expect(refuseEndpoint(endpoint)).toMatch(/https/)
  const options = { endpoint, region: 'r', accessKey: 'a', secretKey: 'b', bucket: 'c' }
  expect(() => createS3Store(options)).toThrow(TypeError)
})

test('refuses what is no URL', () => {
  expect(refuseEndpoint('s3.example')).toBe('is no URL')
})
