import { invalid } from '#kernel/failure.ts'
import type { CourseDetail } from '../reading.ts'

/** For the OpenAPI document. */
export const ETag =
  'Names the version of the structure (`"structure-3"`; `"structure-0"` while there is none): for `If-Match`.'

/** Names the version of the structure; 0 when there is none. */
export const etagOf = ({ version }: CourseDetail) => `"structure-${version?.version ?? 0}"`

const TAG = /(?:W\/)?"[\x21\x23-\x7e]*"/
const TAGS = new RegExp(`^${TAG.source}(?:\\s*,\\s*${TAG.source})*$`)

/** The versions that `If-Match` accepts; undefined when it is missing or `*`. Tags that are none of ours accept nothing. */
export function versionsIn(header: string | undefined): number[] | undefined {
  if (header === undefined || header === '*') return undefined
  if (!TAGS.test(header)) throw invalid('If-Match', 'must be ETags in quotes')
  // A proxy that compresses answers marks their ETags as weak: the number says enough.
  return [...header.matchAll(/"structure-(\d{1,9})"/g)].map(([, version]) => Number(version))
}
