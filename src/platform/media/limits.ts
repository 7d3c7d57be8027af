import { availableParallelism } from 'node:os'

export type MediaLimits = {
  /** Of a film or a recording. */
  maxSeconds: number
  /** What is in a file: its header, or, where that does not say how long it is, all of it. */
  probeMs: number
  /** A text track: the whole file is read. */
  subtitlesMs: number
  /** The sound: the whole file is read, and its sound decoded. */
  soundMs: number
  pageMs: number
  maxSubtitleBytes: number
  /** Bytes of the picture of a page. */
  maxPageBytes: number
  /** Its longer side. */
  maxPagePixels: number
  /** Address space of one program. Shared libraries alone take 300 MiB of it. */
  memoryBytes: number
  /** Programs at a time; further calls wait. */
  concurrency: number
}

const MIB = 1024 * 1024

export const defaultLimits: MediaLimits = {
  maxSeconds: 6 * 3600,
  probeMs: 60_000,
  subtitlesMs: 300_000,
  soundMs: 1_200_000,
  pageMs: 30_000,
  maxSubtitleBytes: 16 * MIB,
  maxPageBytes: 8 * MIB,
  maxPagePixels: 1600,
  memoryBytes: 1024 * MIB,
  concurrency: availableParallelism(),
}
