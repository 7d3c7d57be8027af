import { createHmac, timingSafeEqual } from 'node:crypto'
import { invalid } from '#kernel/failure.ts'
import type { Page } from '#kernel/page.ts'

/** Makes and reads list cursors. A cursor belongs to one list (name, tenant, filters) and is signed: another's or a forged one is a 422. */
export type Cursors = {
  encode(list: readonly string[], position: string): string
  decode(list: readonly string[], cursor: string): string
}

const MAC_BYTES = 16

export function createCursors(secret: Uint8Array): Cursors {
  const mac = (list: readonly string[], position: string) =>
    createHmac('sha256', secret)
      .update(JSON.stringify([list, position]))
      .digest()
      .subarray(0, MAC_BYTES)

  return {
    encode: (list, position) => Buffer.concat([mac(list, position), Buffer.from(position)]).toString('base64url'),
    decode: (list, cursor) => {
      const bytes = Buffer.from(cursor, 'base64url')
      const position = bytes.subarray(MAC_BYTES).toString()
      // Decoding skips what is not base64url.
      const isWhole = bytes.toString('base64url') === cursor && bytes.length > MAC_BYTES
      if (!isWhole || !timingSafeEqual(bytes.subarray(0, MAC_BYTES), mac(list, position))) {
        throw invalid('cursor', 'is not a cursor of this list')
      }
      return position
    },
  }
}

/** A page from rows that were fetched with `limit + 1`: the extra row only tells that there is more. */
export function toPage<T>(rows: T[], limit: number, cursorAfter: (last: T) => string): Page<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursorAfter(last) : null }
}
