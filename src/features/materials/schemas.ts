import { Type } from 'typebox'
import type { Chunk } from '#kernel/chunk.ts'
import { ExternalId, Id, Input, Nullable, OneOf, PageOf, type StaticOf, Timestamp } from '#platform/http/index.ts'
import { SOURCE_TYPES } from './formats.ts'
import type { Material } from './materials.ts'

const SourceTypeName = OneOf(...SOURCE_TYPES)

export const MaterialBody = Type.Object(
  {
    id: Id,
    course_id: Id,
    external_id: Nullable(Type.String()),
    source_type: SourceTypeName,
    source_url: Nullable(Type.String()),
    canonical_url: Nullable(
      Type.String({
        description:
          "The page's own address, to be cited: what it says itself, or where redirects led. Null until it is fetched.",
        examples: ['https://docs.python.org/uk/3/tutorial/'],
      }),
    ),
    fetched_at: Nullable({
      ...Timestamp,
      description: 'When the page was fetched and kept: what is read from it is read from that copy, by a retry, too.',
    }),
    filename: Nullable(Type.String({ examples: ['лекція-1.srt'] })),
    content_type: Nullable(
      Type.String({
        description:
          'As the client said; by the file name when it said nothing better than octet-stream. Of a page, as its server said.',
      }),
    ),
    size_bytes: Nullable(Type.Integer()),
    sha256: Nullable(Type.String({ description: 'Lower-case hex.' })),
    status: OneOf('pending', 'processing', 'done', 'error'),
    error: Nullable(Type.Object({ code: Type.String(), message: Type.String() })),
    created_at: Timestamp,
    processed_at: Nullable(Timestamp),
  },
  { title: 'Material' },
)

export const MaterialPage = PageOf(MaterialBody, 'MaterialPage')

export const LocatorBody = Type.Union([
  Type.Object({ page: Type.Integer() }, { additionalProperties: false }),
  Type.Object({ slide: Type.Integer() }, { additionalProperties: false }),
  Type.Object({ start: Type.Number(), end: Type.Number() }, { additionalProperties: false }),
  Type.Object({ heading: Type.Array(Type.String()), paragraph: Type.Integer() }, { additionalProperties: false }),
  Type.Object({ url: Type.String() }, { additionalProperties: false }),
])

const ChunkBody = Type.Object(
  {
    order: Type.Integer({ description: 'From 1, in reading order.' }),
    kind: OneOf('heading', 'paragraph', 'list', 'table', 'code', 'passage', 'description', 'notes'),
    text: Type.String(),
    locator: LocatorBody,
  },
  { title: 'Chunk' },
)

export const ChunkPage = PageOf(ChunkBody, 'ChunkPage')

export const MaterialParams = Input({ materialId: Id })

/** In a form, too. */
export const Replaces = {
  ...Id,
  description:
    'The id of a material of this course. It leaves when the new one is `done`; until then, and when that ends in an `error`, both stay.',
}

const URL_FIELD = Type.String({
  minLength: 1,
  maxLength: 2_048,
  description: 'http or https, public.',
  examples: ['https://example.com/page'],
})

export const NewUrlMaterial = Input(
  {
    source_type: SourceTypeName,
    source_url: URL_FIELD,
    external_id: Type.Optional(Nullable(ExternalId)),
    replaces: Type.Optional(Nullable(Replaces)),
  },
  { title: 'NewUrlMaterial', examples: [{ source_type: 'web', source_url: 'https://docs.python.org/uk/3/tutorial/' }] },
)

/** The parameters of a raw upload; none of them belongs to the other dresses. */
export const RawUploadQuery = Input({
  source_type: Type.Optional(SourceTypeName),
  filename: Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, description: 'With the bytes themselves as the body.' }),
  ),
  external_id: Type.Optional(ExternalId),
  replaces: Type.Optional(Replaces),
})

export function presentMaterial(material: Material): StaticOf<typeof MaterialBody> {
  const { errorCode, errorMessage } = material
  return {
    id: material.id,
    course_id: material.courseId,
    external_id: material.externalId,
    source_type: material.sourceType,
    source_url: material.sourceUrl,
    canonical_url: material.canonicalUrl,
    fetched_at: material.fetchedAt?.toISOString() ?? null,
    filename: material.filename,
    content_type: material.contentType,
    size_bytes: material.sizeBytes,
    sha256: material.sha256,
    status: material.status,
    error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? errorCode },
    created_at: material.createdAt.toISOString(),
    processed_at: material.processedAt?.toISOString() ?? null,
  }
}

export const presentChunk = ({ order, kind, text, locator }: Chunk): StaticOf<typeof ChunkBody> => ({
  order,
  kind,
  text,
  locator,
})
