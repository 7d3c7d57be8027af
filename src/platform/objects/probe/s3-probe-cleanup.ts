import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3'
import type { ProbeStep } from './probe.ts'
import type { ProbeContext } from './s3-probe-context.ts'

type Left = { Key: string | undefined; VersionId: string | undefined }

/** Removes everything below the prefix, every version and every unfinished upload, and looks whether it is gone. */
export function cleanUpStep({ client, bucket, prefix, seen }: ProbeContext): ProbeStep {
  const below = { Bucket: bucket, Prefix: prefix }

  async function left(abortSignal: AbortSignal): Promise<Left[]> {
    if (seen.versioned !== true) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command(below), { abortSignal })
      return Contents.map(({ Key }) => ({ Key, VersionId: undefined }))
    }
    const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand(below), {
      abortSignal,
    })
    return [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }))
  }

  async function abortUploads(abortSignal: AbortSignal): Promise<void> {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(below), { abortSignal })
    for (const { Key, UploadId } of Uploads) {
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }), { abortSignal })
    }
  }

  return {
    what: 'everything is removed again, each version by itself',
    needed: true,
    async run(abortSignal) {
      // Neither must keep the other from being tried.
      const aborted = await abortUploads(abortSignal).then(
        () => undefined,
        (error: unknown) => error,
      )
      for (const { Key, VersionId } of await left(abortSignal)) {
        const exact = VersionId === undefined ? {} : { VersionId }
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key, ...exact }), { abortSignal })
      }
      const still = await left(abortSignal)
      if (still.length > 0) throw new Error(`${still.length} are still there below ${prefix}`)
      if (aborted !== undefined) throw aborted
    },
  }
}
