import { Type } from 'typebox'
import { ExternalId, Id, Input, Nullable, OneOf, type StaticOf, Timestamp } from '#platform/http/index.ts'
import type { DirectOrder, DirectUpload } from './direct.ts'

const MEDIA_TYPE = '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *;[\\x20-\\x7e]*)?$'

export const NewDirectUpload = Input(
  {
    source_type: OneOf('video', 'presentation', 'text'),
    filename: Type.String({ minLength: 1, maxLength: 255, examples: ['лекція-1.mp4'] }),
    content_type: Type.String({
      maxLength: 255,
      pattern: MEDIA_TYPE,
      description: 'What the bucket keeps the file as.',
      examples: ['video/mp4'],
    }),
    size_bytes: Type.Integer({ minimum: 1, description: 'Of the whole file, exactly. An empty file needs no bucket.' }),
    sha256: Type.Optional(
      Nullable(
        Type.String({
          pattern: '^[0-9a-f]{64}$',
          description: 'Lower-case hex. The worker that reads the file compares it.',
          examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
        }),
      ),
    ),
    external_id: Type.Optional(Nullable(ExternalId)),
    replaces: Type.Optional(Nullable(Id)),
  },
  {
    title: 'NewDirectUpload',
    examples: [{ source_type: 'video', filename: 'лекція-1.mp4', content_type: 'video/mp4', size_bytes: 12_345_678 }],
  },
)

export const DirectUploadBody = Type.Object(
  {
    upload_id: Id,
    expires_at: Timestamp,
    part_size: Type.Integer({ description: 'Bytes of every part but the last.' }),
    parts: Type.Array(
      Type.Object({
        number: Type.Integer(),
        size: Type.Integer({ description: 'Exactly as many bytes are taken.' }),
        url: Type.String({ description: 'PUT the bytes here, without your key, until `expires_at`.' }),
        headers: Type.Record(Type.String(), Type.String(), { description: 'To be sent with them.' }),
      }),
      { description: 'Those that are still to come.' },
    ),
    complete_url: Type.String({
      description: 'POST here, with your key, once all parts are there. A path on this host.',
    }),
  },
  { title: 'DirectUpload' },
)

export const DirectCourseParams = Input({ courseId: Id })
export const DirectUploadParams = Input({ courseId: Id, directUploadId: Id })

export function directOrder(body: StaticOf<typeof NewDirectUpload>): DirectOrder {
  return {
    sourceType: body.source_type,
    filename: body.filename,
    contentType: body.content_type,
    sizeBytes: body.size_bytes,
    sha256: body.sha256 ?? null,
    externalId: body.external_id ?? null,
    replaces: body.replaces ?? null,
  }
}

export function presentDirectUpload(upload: DirectUpload): StaticOf<typeof DirectUploadBody> {
  return {
    upload_id: upload.id,
    expires_at: upload.expiresAt.toISOString(),
    part_size: upload.partBytes,
    parts: upload.parts.map(({ number, size, url, headers }) => ({ number, size, url, headers })),
    complete_url: `${pathOfUpload(upload)}/complete`,
  }
}

export const pathOfUpload = ({ courseId, id }: Pick<DirectUpload, 'courseId' | 'id'>) =>
  `/api/v1/courses/${courseId}/materials/direct/${id}`
