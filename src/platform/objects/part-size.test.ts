import { expect, test } from 'vitest'
import { MAX_PARTS, PART_BYTES, partBytesFor } from './part-size.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3

test.each([
  [0, 8 * MiB],
  [1, 8 * MiB],
  [GiB, 8 * MiB],
  [PART_BYTES * MAX_PARTS, 8 * MiB],
  [PART_BYTES * MAX_PARTS + 1, 9 * MiB],
  [100 * GiB, 11 * MiB],
  [5 * 1024 * GiB, 525 * MiB],
])('%i bytes go in parts of %i', (size, partBytes) => {
  expect(partBytesFor(size)).toBe(partBytes)
  expect(Math.ceil(size / partBytes)).toBeLessThanOrEqual(MAX_PARTS)
})
