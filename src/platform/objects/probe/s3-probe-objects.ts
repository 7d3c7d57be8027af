import { createHash, randomBytes } from 'node:crypto'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { NotTried, type ProbeStep } from './probe.ts'
import type { ProbeContext } from './s3-probe-context.ts'
import { sendSigned } from './s3-probe-signed.ts'

const HOUR_MS = 3_600_000
/** "лекція 1.txt", as RFC 5987 writes it. */
const DISPOSITION = "attachment; filename*=UTF-8''%D0%BB%D0%B5%D0%BA%D1%86%D1%96%D1%8F%201.txt"
const TYPE = 'text/plain; charset=utf-8'

/** One small object: written, read in every way, deleted. */
export function objectSteps({ client, presign, bucket, prefix, seen }: ProbeContext): ProbeStep[] {
  const at = { Bucket: bucket, Key: `${prefix}object` }
  const body = randomBytes(3000)
  const digest = createHash('md5').update(body).digest('hex')
  let isStored = false
  const step = (what: string, run: ProbeStep['run'], first = false): ProbeStep => ({
    what,
    needed: true,
    run: (signal) => {
      if (!first && !isStored) throw new NotTried('nothing was put')
      return run(signal)
    },
  })
  const signed = async () => {
    const query = { 'response-content-disposition': DISPOSITION, 'response-content-type': TYPE }
    return (await presign('GET', at.Key, { seconds: 60, query })).url
  }
  const expired = () =>
    getSignedUrl(client, new GetObjectCommand(at), { expiresIn: 60, signingDate: new Date(Date.now() - HOUR_MS) })

  return [
    step(
      'put',
      async (abortSignal) => {
        const Metadata = { 'put-id': 'probe' }
        const put = new PutObjectCommand({ ...at, Body: body, ContentType: TYPE, Metadata })
        const { ETag, VersionId } = await client.send(put, { abortSignal })
        isStored = true
        if (VersionId !== undefined && VersionId !== 'null') seen.versioned = true
        expectSame('the ETag', bare(ETag), digest)
      },
      true,
    ),
    step('head', async (abortSignal) => {
      const found = await client.send(new HeadObjectCommand(at), { abortSignal })
      expectSame('the size', found.ContentLength, body.byteLength)
      expectSame('the ETag', bare(found.ETag), digest)
      expectSame('the metadata', found.Metadata?.['put-id'], 'probe')
    }),
    step('get', async (abortSignal) => {
      const { Body } = await client.send(new GetObjectCommand(at), { abortSignal })
      expectBytes(await Body?.transformToByteArray(), body)
    }),
    step('get a range', async (abortSignal) => {
      const get = new GetObjectCommand({ ...at, Range: 'bytes=1000-1999' })
      const { Body, ContentRange } = await client.send(get, { abortSignal })
      expectSame('the range', ContentRange, 'bytes 1000-1999/3000')
      expectBytes(await Body?.transformToByteArray(), body.subarray(1000, 2000))
    }),
    step('list', async (abortSignal) => {
      const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix })
      const { Contents = [] } = await client.send(list, { abortSignal })
      expectSame('the list', Contents.map(({ Key, Size }) => `${Key} ${Size}`).join(), `${at.Key} ${body.byteLength}`)
    }),
    step('presigned GET under a file name', async (signal) => {
      const { status, headers, bytes, code } = await sendSigned(await signed(), { signal })
      expectSame('the status', `${status}${code}`, '200')
      expectSame('the file name', headers.get('content-disposition'), DISPOSITION)
      expectSame('the type', headers.get('content-type')?.toLowerCase().replace(';c', '; c'), TYPE)
      expectBytes(bytes, body)
    }),
    step('an expired URL is refused', async (signal) => {
      const { status } = await sendSigned(await expired(), { signal })
      if (status < 400 || status >= 500) throw new Error(`answered ${status} instead of 403`)
    }),
    step('nobody reads without a signature', async (signal) => {
      const { origin, pathname } = new URL(await signed())
      const { status } = await sendSigned(`${origin}${pathname}`, { signal })
      if (status < 400 || status >= 500) throw new Error(`answered ${status}: the bucket is public`)
    }),
    step('delete', async (abortSignal) => {
      await client.send(new DeleteObjectCommand(at), { abortSignal })
      const status = await client.send(new HeadObjectCommand(at), { abortSignal }).then(
        () => 200,
        (error) => error.$metadata?.httpStatusCode,
      )
      expectSame('the status afterwards', status, 404)
      // Deleting what is not there is no error.
      await client.send(new DeleteObjectCommand(at), { abortSignal })
    }),
  ]
}

export function expectSame(what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${what} is ${found ?? 'missing'}, not ${wanted}`)
}

/** Servers differ in whether an ETag comes in quotes. */
export function bare(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

function expectBytes(found: Uint8Array | undefined, wanted: Uint8Array): void {
  if (found === undefined || !Buffer.from(found).equals(wanted)) throw new Error('other bytes came back than were put')
}
