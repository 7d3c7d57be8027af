import { createHash } from 'node:crypto'
import { createPseudonyms } from '#platform/seal/index.ts'

/** How the lists of erasures name a person: to whoever knows the id and this installation's secret, and to nobody else. */
export type StudentHashes = {
  of(tenantId: string, studentId: string): string
  /** All by which a list may know the person, those of earlier days too. */
  all(tenantId: string, studentId: string): string[]
}

/** The secret is in the database and in its backups, so that whatever is restored can read both lists. */
export function createStudentHashes(secret: Uint8Array): StudentHashes {
  const pseudonym = createPseudonyms(secret, 'erasures')
  const of = (tenantId: string, studentId: string) => pseudonym(`${tenantId}${studentId}`)
  return { of, all: (tenantId, studentId) => [of(tenantId, studentId), withoutKey(tenantId, studentId)] }
}

// Lists that were begun before there was a key have these.
const withoutKey = (tenantId: string, studentId: string) =>
  createHash('sha256').update(`${tenantId}${studentId}`).digest('hex')
