import { expect, test } from 'vitest'
import { startApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { startS3Server } from '#test/fakes/s3/server.ts'
import { tus } from '#test/tus.ts'

const BUCKET = { accessKey: 'test', secretKey: 'secret', bucket: 'materials', region: 'eu-central-003' }

test('a client that goes while the bucket begins its upload gives its place back', async () => {
  await using cleanup = new AsyncDisposableStack()
  const s3 = await startS3Server(BUCKET)
  cleanup.defer(s3.close)
  const app = await startApp({ objects: { kind: 's3', endpoint: s3.url, ...BUCKET }, maxConcurrentUploads: 1 })
  cleanup.defer(app.close)
  const acme = await app.as('Академія')
  const { id: courseId } = await build.course(acme)
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  cleanup.defer(answered.resolve)
  s3.faults.next('CreateMultipartUpload', { kind: 'hold', until: answered.promise, begun: asked.resolve })
  const first = await tus.begin(acme, courseId, { length: 10 })
  const sending = tus.open(app.url + first, { offset: 0, length: 10 })
  await asked.promise
  sending.cut()

  const second = (await tus.begin(acme, courseId, { length: 10 })).replace('/api/v1/', '')
  const answer = await until(
    () => tus.patch(acme, second, 0, 'x'.repeat(10)),
    ({ status }) => status !== 503,
  )
  expect(answer.status).toBe(204)
  answered.resolve()
  await until(
    async () => s3.uploads().length,
    (count) => count > 0,
  )
  expect((await tus.delete(acme, first.replace('/api/v1/', ''))).status).toBe(204)
})
