// The least that can be done: hash what comes and pipe it on, in presigned PUTs of 8 MiB. No retries, no checks, no failures.
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request as ask, type ClientRequest, createServer, type IncomingMessage } from 'node:http'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { serveParent } from '../serve-parent.ts'
import { BUCKET, s3Client } from './bucket.ts'

const PART_BYTES = 8 * 1024 * 1024

const client: S3Client = s3Client()
const agent = new Agent({ keepAlive: true })

serveParent(
  createServer(async (request, response) => {
    const sha256 = await upload(request, Number(request.headers['content-length']))
    response.writeHead(201).end(sha256)
  }),
)

async function upload(body: IncomingMessage, size: number): Promise<string> {
  const object = { Bucket: BUCKET, Key: randomUUID() }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
  const hash = createHash('sha256')
  const etags: Promise<string>[] = []
  let part: { request: ClientRequest; left: number } | undefined
  let sent = 0

  for await (const chunk of body as AsyncIterable<Buffer>) {
    hash.update(chunk)
    for (let taken = 0; taken < chunk.byteLength; ) {
      if (part === undefined) {
        const left = Math.min(PART_BYTES, size - sent)
        const order = new UploadPartCommand({ ...object, UploadId, PartNumber: etags.length + 1 })
        const request = ask(await getSignedUrl(client, order), {
          method: 'PUT',
          headers: { 'content-length': left },
          agent,
        })
        part = { request, left }
        etags.push(etagOf(request))
      }
      const piece = chunk.subarray(taken, taken + part.left)
      const goesOn = part.request.write(piece)
      taken += piece.byteLength
      sent += piece.byteLength
      part.left -= piece.byteLength
      if (part.left === 0) {
        part.request.end()
        part = undefined
      } else if (!goesOn) await once(part.request, 'drain')
    }
  }
  const Parts = (await Promise.all(etags)).map((ETag, at) => ({ ETag, PartNumber: at + 1 }))
  await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }))
  return hash.digest('hex')
}

async function etagOf(request: ClientRequest): Promise<string> {
  const [response]: IncomingMessage[] = (await once(request, 'response')) as IncomingMessage[]
  response?.resume()
  return String(response?.headers.etag)
}
