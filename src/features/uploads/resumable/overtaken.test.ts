import { expect, test } from 'vitest'
import { startAnother } from '#test/another-app.ts'
import { startApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { createClient } from '#test/client.ts'
import { startS3Server } from '#test/fakes/s3/server.ts'
import { whileHeld } from '#test/held.ts'
import { idOf, tus } from '#test/tus.ts'

const BUCKET = { accessKey: 'test', secretKey: 'secret', bucket: 'materials', region: 'eu-central-003' }

test('a deletion and a finisher that another process has overtaken leave the material its bytes', async () => {
  await using cleanup = new AsyncDisposableStack()
  const s3 = await startS3Server(BUCKET)
  cleanup.defer(s3.close)
  const objects = { kind: 's3' as const, endpoint: s3.url, ...BUCKET }
  const app = await startApp({ objects })
  cleanup.defer(app.close)
  const other = await startAnother(app, objects)
  cleanup.defer(other.close)
  const acme = await app.as('Академія')
  const { id: courseId } = await build.course(acme)
  const at = (await tus.begin(acme, courseId, { length: 5 })).replace('/api/v1/', '')
  const id = idOf(at)

  // Whole, and not a material yet: the other process looks, finishes, and its last question to the bucket takes long.
  s3.faults.next('HeadObject', { kind: 'status', status: 403 })
  expect((await tus.patch(acme, at, 0, 'hello')).status).toBe(503)
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  s3.faults.next('HeadObject', { kind: 'hold', until: answered.promise, begun: asked.resolve })
  const slow = tus.look(createClient(other.url, acme.key), at)
  await asked.promise

  const finished = `
    UPDATE uploads SET finished_at = now(), reserved_bytes = 0 WHERE id = '${id}';
    INSERT INTO materials (id, tenant_id, course_id, source_type, filename, size_bytes, object_key)
      SELECT id, tenant_id, course_id, source_type, filename, size_bytes, object_key FROM uploads WHERE id = '${id}'`
  const { status, body } = await whileHeld(app, finished, () => tus.delete(acme, at))
  expect([status, body.code]).toEqual([409, 'upload.finished'])
  answered.resolve()
  expect((await slow).status).toBe(200)
  expect(await app.services.objects.head(`${acme.tenantId}/${courseId}/${id}`)).toMatchObject({ size: 5 })
})
