import type { S3Client } from '@aws-sdk/client-s3'
import type { Presign } from '../s3-presign.ts'

/** What the steps share. `clock` is the server's, minus ours, in milliseconds, as its last answer had it. */
export type ProbeContext = {
  client: S3Client
  bucket: string
  prefix: string
  /** As the store signs. */
  presign: Presign
  /** The same server, asked with a wrong secret. */
  stranger: S3Client
  seen: { clockMs: number | undefined; versioned: boolean | undefined }
}
