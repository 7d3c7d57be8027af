import { Type } from 'typebox'
import { Id, Input } from '#platform/http/index.ts'

const Resumable = Type.Optional(Type.String({ description: 'Always given, or 412.', examples: ['1.0.0'] }))

const base64 = (text: string) => Buffer.from(text).toString('base64')

export const CreationHeaders = Type.Object({
  'tus-resumable': Resumable,
  'upload-length': Type.Optional(
    Type.String({ description: 'Always given, or 400: the bytes of the whole file.', examples: ['1048576'] }),
  ),
  'upload-metadata': Type.Optional(
    Type.String({
      description:
        'Keys, each with its value in base64: `filename`, `source_type` (video, presentation or text), and if you like `content_type` (or `filetype`), `external_id`, `replaces`, `sha256` (hex) and `origin` (of the page that sends the bytes). Other keys are ignored.',
      examples: [`filename ${base64('лекція-1.mp4')},source_type ${base64('video')}`],
    }),
  ),
})

export const ContinuationHeaders = Type.Object({ 'tus-resumable': Resumable })

export const AppendHeaders = Type.Object({
  'tus-resumable': Resumable,
  'upload-offset': Type.Optional(
    Type.String({ description: 'Always given, or 400: where the upload stands.', examples: ['0'] }),
  ),
})

export const CoursePath = Input({ courseId: Id })

export const UploadPath = Input({ courseId: Id, uploadId: Id })

export const UploadQuery = Input({
  token: Type.Optional(
    Type.String({
      maxLength: 2_000,
      description: 'As in the Location that the creation answered: stands in for a key.',
    }),
  ),
})

export const PIECE = {
  type: 'string',
  contentMediaType: 'application/octet-stream',
  format: 'binary',
  description: 'The file’s bytes from `Upload-Offset` on, as many as you like.',
}
