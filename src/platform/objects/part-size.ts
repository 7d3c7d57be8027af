/** Bytes of every part but the last, unless there would be too many. S3 wants at least 5 MiB. */
export const PART_BYTES = 8 * 1024 * 1024

/** S3's limit of parts in one upload: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const MAX_PARTS = 10_000

const MiB = 1024 * 1024

/** Bytes of the parts of an object of so many bytes: `PART_BYTES`, or the fewest whole MiB with which `MAX_PARTS` suffice. */
export function partBytesFor(size: number): number {
  return Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS / MiB) * MiB)
}
