import type { PartialObject } from '#platform/objects/index.ts'

export type { PartialObject }

/** What the material will be that an upload becomes. For a streamed form much of it is unknown until its end. */
export type Upload = {
  /** The material's id, too. */
  id: string
  courseId: string
  kind: 'streamed' | 'resumable' | 'direct'
  sourceType: 'video' | 'presentation' | 'text' | null
  filename: string | null
  contentType: string | null
  externalId: string | null
  replacesId: string | null
  /** As declared: bytes, and lower-case hex. */
  sizeBytes: number | null
  sha256: string | null
  objectKey: string
  /** The object store's account of what it holds. */
  partial: PartialObject | null
  expiresAt: Date
  finishedAt: Date | null
}

export type NewUpload = Omit<Upload, 'finishedAt'> & {
  tenantId: string
  /** Of the tenant's quota, until the upload is finished or gone. */
  reservedBytes: number
}
