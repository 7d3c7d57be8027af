// What most would write: the SDK's own uploader in a bare Fastify handler. It does not hash.
import { randomUUID } from 'node:crypto'
import { Upload } from '@aws-sdk/lib-storage'
import Fastify from 'fastify'
import { serveParent } from '../serve-parent.ts'
import { BUCKET, s3Client } from './bucket.ts'

const client = s3Client()
const app = Fastify({ bodyLimit: 2 ** 40 })
app.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined))
app.post('/', async (request, reply) => {
  const params = { Bucket: BUCKET, Key: randomUUID(), Body: request.raw }
  await new Upload({ client, params, partSize: 8 * 1024 * 1024, queueSize: 2 }).done()
  return reply.code(201).send({})
})
await app.ready()
serveParent(app.server)
