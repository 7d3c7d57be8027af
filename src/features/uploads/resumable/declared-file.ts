import {
  extensionOf,
  isUploadable,
  materialUnsupportedType,
  requireFileName,
  type SourceType,
  saneType,
} from '#features/materials/index.ts'
import { invalid } from '#kernel/failure.ts'

/** `Upload-Metadata`, decoded. */
export type Metadata = Record<string, string | null>

export type DeclaredFile = {
  filename: string
  sourceType: Exclude<SourceType, 'web'>
  contentType: string | null
  externalId: string | null
  replaces: string | null
  sha256: string | null
  /** The page that will send the bytes. */
  origin: string | null
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * What an upload's metadata says of its file. Keys that are not ours are left alone: clients have some of their own (Uppy sends `name`,
 * `type`, `relativePath`). Throws a 415 for a type that is not taken, else a 422.
 */
export function declaredFile(said: Metadata): DeclaredFile {
  const filename = said['filename'] ?? ''
  const sourceType = said['source_type'] ?? ''
  if (filename === '') throw invalid('filename', 'is required')
  refuseType(said)
  if (!isFileType(sourceType)) throw invalid('source_type', 'must be "video" or "presentation" or "text"')
  const [externalId, replaces, sha256] = [given(said, 'external_id'), given(said, 'replaces'), given(said, 'sha256')]
  if (
    externalId !== null &&
    (!/\S/.test(externalId) || [...externalId].length > 200 || externalId.includes('\u0000'))
  ) {
    throw invalid('external_id', 'must have 1 to 200 characters')
  }
  if (replaces !== null && !UUID.test(replaces)) throw invalid('replaces', 'must match format "uuid"')
  if (sha256 !== null && !/^[0-9a-f]{64}$/i.test(sha256)) throw invalid('sha256', 'must be 64 hex digits')
  return {
    filename: requireFileName(filename),
    sourceType,
    contentType: saneType(given(said, 'content_type') ?? given(said, 'filetype')),
    externalId,
    replaces: replaces?.toLowerCase() ?? null,
    sha256: sha256?.toLowerCase() ?? null,
    origin: originOf(given(said, 'origin')),
  }
}

/** Throws a 415 when a file is named that is not taken, whatever else may be wrong. */
export function refuseType({ filename, source_type: said }: Metadata) {
  if (!filename) return
  const sourceType = said === 'web' || isFileType(said) ? said : undefined
  if (!isUploadable(filename, sourceType)) throw materialUnsupportedType(extensionOf(filename), sourceType)
}

const isFileType = (text: string | null | undefined): text is DeclaredFile['sourceType'] =>
  text === 'video' || text === 'presentation' || text === 'text'

// A key without a value says nothing.
const given = (said: Metadata, key: string) => said[key] ?? null

function originOf(text: string | null): string | null {
  if (text === null) return null
  // `https://*` is an origin to the parser, and looks like more than it would allow.
  if (text.length > 300 || !/^https?:[^*]+$/.test(text) || !URL.canParse(text) || new URL(text).origin !== text) {
    throw invalid('origin', 'must be the origin of a page, as in "https://lms.example"')
  }
  return text
}
