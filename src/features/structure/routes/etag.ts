import { invalid } from '#kernel/failure.ts'
import type { CourseDetail } from '../reading.ts'

/** Names the version of the structure; 0 when there is none. */
export const etagOf = ({ version }: CourseDetail) => `"structure-${version?.version ?? 0}"`

/** The version that `If-Match` names; undefined when it is missing or `*`. */
export function versionIn(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined
  // A proxy that compresses answers marks their ETags as weak.
  const [, version] = /^(?:W\/)?"structure-(\d{1,9})"$/.exec(header) ?? []
  if (version === undefined) throw invalid('If-Match', 'must be an ETag of this course')
  return Number(version)
}
