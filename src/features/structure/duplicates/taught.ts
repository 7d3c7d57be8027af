import type { SourceMaterial } from '../tree.ts'
import type { Duplicates } from './find.ts'

/** What a course is made from: without the materials that another one holds, which are only cited. */
export function taughtOf<T extends { materials: SourceMaterial[] }>(sources: T, { held }: Pick<Duplicates, 'held'>): T {
  if (held.size === 0) return sources
  return { ...sources, materials: sources.materials.filter(({ id }) => !held.has(id)) }
}
