import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import type { Answer } from '#test/client.ts'
import { type S3Server, startS3Server } from '#test/fakes/s3/server.ts'

const BUCKET = { accessKey: 'test', secretKey: 'secret', bucket: 'materials', region: 'eu-central-003' }

let s3: S3Server
let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let course: string

beforeAll(async () => {
  s3 = await startS3Server(BUCKET)
  app = await startApp({ objects: { kind: 's3', endpoint: s3.url, ...BUCKET }, maxUploadBytes: 100_000_000 })
  acme = await app.as('Академія')
  course = (await build.course(acme)).id
})
afterAll(async () => {
  await app.close()
  await s3.close()
})

const FILE = { source_type: 'video', filename: 'лекція.mp4', content_type: 'video/mp4', size_bytes: 5 }
const order = (fields: object = {}, id = course) => acme.post(`/courses/${id}/materials/direct`, { ...FILE, ...fields })
const told = ({ status, body }: Answer) => [status, body?.code]

describe('what is wrong is told at once', () => {
  const NOWHERE = newId()

  test.each<[object, number, string, string?]>([
    [{ size_bytes: 100_000_001 }, 413, 'material.too_large'],
    [{ filename: 'вірус.exe' }, 415, 'material.unsupported_type'],
    [{ filename: 'лекція.pdf' }, 415, 'material.unsupported_type'],
    [{ size_bytes: 0 }, 422, 'size_bytes'],
    [{ size_bytes: 1.5 }, 422, 'size_bytes'],
    [{ source_type: 'web' }, 422, 'source_type'],
    [{ filename: 'a/b.mp4' }, 422, 'filename'],
    [{ filename: `${'ї'.repeat(252)}.mp4` }, 422, 'filename'],
    [{ content_type: 'video' }, 422, 'content_type'],
    [{ content_type: 'video/mp4\r\nx-amz-acl: public-read' }, 422, 'content_type'],
    [{ content_type: 'відео/mp4' }, 422, 'content_type'],
    [{ sha256: 'abc' }, 422, 'sha256'],
    [{ sha256: 'A'.repeat(64) }, 422, 'sha256'],
    [{ external_id: ' ' }, 422, 'external_id'],
    [{ replaces: NOWHERE }, 422, 'replaces'],
    [{ parts: 3 }, 422, 'parts'],
  ])('%j', async (fields, status, what) => {
    const answer = await order(fields)
    expect([answer.status, status === 422 ? answer.body.errors[0].path : answer.body.code]).toEqual([status, what])
  })

  test('a course that is not there, and an external_id that is taken', async () => {
    expect(told(await order({}, NOWHERE))).toEqual([404, 'course.not_found'])
    const raw = { body: 'а', headers: { 'content-type': 'text/plain' } }
    const query = new URLSearchParams({ source_type: 'text', filename: 'а.txt', external_id: 'зайнято' })
    await acme.request('POST', `/courses/${course}/materials?${query}`, raw)
    expect(told(await order({ external_id: 'зайнято' }))).toEqual([409, 'material.external_id_taken'])
  })

  test('that there is no bucket', async () => {
    const filesOnly = await startApp()
    try {
      const client = await filesOnly.as('Академія')
      const { id } = await build.course(client)
      const path = `/courses/${id}/materials/direct/${newId()}`
      for (const answer of [
        await client.post(`/courses/${id}/materials/direct`, FILE),
        await client.get(path),
        await client.post(`${path}/complete`),
        await client.delete(path),
      ])
        expect(told(answer)).toEqual([501, 'direct.not_available'])
    } finally {
      await filesOnly.close()
    }
  })
})

test('a course that goes while its upload is begun is told', async () => {
  const { id } = await build.course(acme)
  s3.onCall(async ({ operation }, phase) => {
    if (operation !== 'CreateMultipartUpload' || phase !== 'before') return
    s3.onCall(undefined)
    await acme.delete(`/courses/${id}`)
  })
  expect(told(await order({}, id))).toEqual([404, 'course.not_found'])
})
