import type { ByteRange } from '#platform/objects/index.ts'

/** What a request asks of a file. */
export type Wanted = {
  range?: string | undefined
  ifRange?: string | undefined
  ifNoneMatch?: string | undefined
}

export type Choice = { kind: 'whole' | 'unchanged' | 'unsatisfiable' } | { kind: 'part'; range: ByteRange }

/**
 * Which bytes of a file a request gets, as RFC 9110 has it (13.1.2, 13.1.5, 14.1.2). Several ranges at once, another unit, and what is
 * no range are answered with the whole file, as 14.2 allows. `etag` is strong, with its quotes.
 */
export function chooseBytes(
  { range, ifRange, ifNoneMatch }: Wanted,
  { etag, size }: { etag: string; size: number },
): Choice {
  if (ifNoneMatch !== undefined && matchesAny(ifNoneMatch, etag)) return { kind: 'unchanged' }
  // A date never matches: we give none out.
  if (range === undefined || size === 0 || (ifRange !== undefined && ifRange.trim() !== etag)) return { kind: 'whole' }
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(range.trim()) ?? []
  if (first === '' && last === '') return { kind: 'whole' }
  // The last so many bytes.
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (first !== '' && last !== '' && Number(last) < start) return { kind: 'whole' }
  return start > end ? { kind: 'unsatisfiable' } : { kind: 'part', range: { start, end } }
}

// Compared weakly (13.1.2): a cache may have weakened ours.
const matchesAny = (list: string, etag: string) =>
  list.trim() === '*' || list.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
