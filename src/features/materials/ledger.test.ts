import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { startApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { whileHeld } from '#test/held.ts'
import { capturedLog } from '#test/log.ts'
import { createLedger } from './ledger.ts'

test('a commit that comes to its end after its answer was lost keeps its bytes', async () => {
  await using cleanup = new AsyncDisposableStack()
  const app = await startApp()
  cleanup.defer(app.close)
  const acme = await app.as('Академія')
  const { id: courseId } = await build.course(acme)
  const { db, objects } = app.services
  const [id, { tenantId }, { log }] = [newId(), acme, await capturedLog()]
  const arrival = { id, tenantId, courseId, objectKey: `${tenantId}/${courseId}/${id}` }
  await objects.put(arrival.objectKey, Readable.from([Buffer.from('ab')]), { maxBytes: 2 })
  await db.asOperator('note an upload', (tx) =>
    tx
      .insertInto('uploads')
      .values({
        id,
        tenant_id: tenantId,
        course_id: courseId,
        kind: 'streamed',
        object_key: arrival.objectKey,
        expires_at: new Date(Date.now() + 60_000),
      })
      .execute(),
  )
  const accepted = `
    INSERT INTO materials (id, tenant_id, course_id, source_type, filename, size_bytes, sha256, object_key)
      VALUES ('${id}', '${tenantId}', '${courseId}', 'text', 'а.md', 2, repeat('0', 64), '${arrival.objectKey}');
    DELETE FROM uploads WHERE id = '${id}';
    DELETE FROM discarded_objects WHERE object_key = '${arrival.objectKey}'`
  await whileHeld(app, accepted, () => createLedger({ db, objects, log }).abandon(arrival))
  expect((await acme.get(`/materials/${id}`)).status).toBe(200)
  expect(await objects.head(arrival.objectKey)).toBeDefined()
})
