import type { Part } from '#platform/objects/index.ts'

/** A part that belongs to an upload, by its number, and its size in bytes. */
export type PlannedPart = { number: number; size: number }

/** Parts named one by one in a refusal; more are counted. */
const NAMED = 10

/** All parts of a file of `size` bytes. */
export function planParts(size: number, partBytes: number): PlannedPart[] {
  const count = Math.ceil(size / partBytes)
  const sizeOf = (number: number) => (number < count ? partBytes : size - partBytes * (count - 1))
  return Array.from({ length: count }, (_, index) => ({ number: index + 1, size: sizeOf(index + 1) }))
}

/** What the bucket lacks, or has in another size. `present` has each part at its place; one of no bytes is not there. */
export const missingOf = (planned: PlannedPart[], present: readonly Part[]): PlannedPart[] =>
  planned.filter(({ number, size }) => present[number - 1]?.size !== size)

/** For a client to read: which parts are missing, and which have a wrong size. */
export function describeMissing(missing: PlannedPart[], present: readonly Part[]): string {
  const named = missing.slice(0, NAMED).map(({ number, size }) => {
    const { size: found = 0 } = present[number - 1] ?? {}
    return found > 0 ? `part ${number} has ${found} bytes instead of ${size}` : `part ${number} is missing`
  })
  const rest = missing.length - named.length
  return [...named, ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ')
}
