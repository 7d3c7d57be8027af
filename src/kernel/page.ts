/** One page of a list, newest first unless its route says otherwise. `nextCursor` is opaque and null on the last page. */
export type Page<T> = { items: T[]; nextCursor: string | null }

export type PageRequest = { limit: number; cursor: string | undefined }
