import { randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { NotTried, type ProbeStep } from './probe.ts'
import type { ProbeContext } from './s3-probe-context.ts'
import { bare, expectSame } from './s3-probe-objects.ts'
import { sendSigned } from './s3-probe-signed.ts'

/** The least that a part other than the last may have (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html). */
const PART_BYTES = 5 * 1024 * 1024
const LAST_BYTES = 1000

/** An upload in two parts that is completed, and one that is aborted. */
export function multipartSteps(context: ProbeContext, deadlineMs: number): ProbeStep[] {
  const { client, presign, bucket, prefix } = context
  const at = { Bucket: bucket, Key: `${prefix}parts` }
  const sent: { PartNumber: number; ETag: string }[] = []
  let uploadId: string | undefined

  const open = () => {
    if (uploadId === undefined) throw new NotTried('no upload was begun')
    return { ...at, UploadId: uploadId }
  }
  const step = (what: string, run: ProbeStep['run']): ProbeStep => ({ what: `multipart: ${what}`, needed: true, run })
  /** The signature has the length, so that no other part can be sent. */
  const signPart = async (number: number, bytes: number) => {
    const query = { partNumber: String(number), uploadId: open().UploadId }
    return (await presign('PUT', at.Key, { seconds: 600, query, headers: { 'content-length': String(bytes) } })).url
  }
  const openUploads = async (abortSignal: AbortSignal) => {
    const list = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix })
    const { Uploads = [] } = await client.send(list, { abortSignal })
    return Uploads.map(({ Key, UploadId }) => `${Key} ${UploadId}`)
  }

  return [
    step('create', async (abortSignal) => {
      const create = new CreateMultipartUploadCommand({ ...at, ContentType: 'video/mp4' })
      uploadId = (await client.send(create, { abortSignal })).UploadId
      if (uploadId === undefined) throw new Error('the answer has no upload id')
    }),
    {
      ...step('parts by presigned PUT', async (signal) => {
        for (const [index, size] of [PART_BYTES, LAST_BYTES].entries()) {
          const url = await signPart(index + 1, size)
          const { status, headers, code } = await sendSigned(url, { method: 'PUT', body: randomBytes(size), signal })
          expectSame('the status', `${status}${code}`, '200')
          const etag = bare(headers.get('etag') ?? undefined)
          if (etag === '') throw new Error('the answer has no ETag')
          sent.push({ PartNumber: index + 1, ETag: etag })
        }
      }),
      deadlineMs: deadlineMs * 3,
    },
    step('a part of another size is refused', async (signal) => {
      const url = await signPart(2, LAST_BYTES)
      const { status } = await sendSigned(url, { method: 'PUT', body: randomBytes(LAST_BYTES + 1), signal })
      if (status < 400 || status >= 500) throw new Error(`answered ${status} instead of 403`)
    }),
    step('list parts', async (abortSignal) => {
      if (sent.length < 2) throw new NotTried('the parts were not sent')
      const { Parts = [] } = await client.send(new ListPartsCommand(open()), { abortSignal })
      const listed = Parts.map(({ PartNumber, Size, ETag }) => `${PartNumber} ${Size} ${bare(ETag)}`).join(', ')
      const sizes = [PART_BYTES, LAST_BYTES]
      const wanted = sent.map(({ PartNumber, ETag }, index) => `${PartNumber} ${sizes[index]} ${ETag}`).join(', ')
      expectSame('the list', listed, wanted)
    }),
    step('list uploads', async (abortSignal) => {
      const { Key, UploadId } = open()
      expectSame('the list', (await openUploads(abortSignal)).join(), `${Key} ${UploadId}`)
    }),
    step('complete', async (abortSignal) => {
      if (sent.length < 2) throw new NotTried('the parts were not sent')
      const Parts = sent.map(({ PartNumber, ETag }) => ({ PartNumber, ETag: `"${ETag}"` }))
      const { ETag } = await client.send(
        new CompleteMultipartUploadCommand({ ...open(), MultipartUpload: { Parts } }),
        { abortSignal },
      )
      const head = await client.send(new HeadObjectCommand(at), { abortSignal })
      expectSame('the size', head.ContentLength, PART_BYTES + LAST_BYTES)
      expectSame('the type', head.ContentType, 'video/mp4')
      expectSame('the ETag', bare(head.ETag), bare(ETag))
      const left = await openUploads(abortSignal)
      if (left.length > 0) throw new Error('the upload is still listed')
    }),
    step('abort', async (abortSignal) => {
      const Key = `${prefix}aborted`
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, Key }), { abortSignal })
      const upload = { Bucket: bucket, Key, UploadId }
      await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: randomBytes(10) }), { abortSignal })
      await client.send(new AbortMultipartUploadCommand(upload), { abortSignal })
      if ((await openUploads(abortSignal)).includes(`${Key} ${UploadId}`)) throw new Error('the upload is still listed')
    }),
  ]
}
