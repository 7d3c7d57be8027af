import type { Chunk } from '#kernel/chunk.ts'
import type { Material } from '../store.ts'

/** What is read, for whom, and how far that is: from 0 to 1. */
export type Order = {
  material: Pick<Material, 'id' | 'courseId'>
  tenantId: string
  jobId: string
  signal: AbortSignal
  progress(fraction: number): void
}

/** What a material says and shows. `told` is for the job's result. */
export type Reading = {
  title: string | null
  chunks: Chunk[]
  told: { described_pages?: number; undescribed_pages?: number; transcribed_seconds?: number }
}
