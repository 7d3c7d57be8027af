import { v7 } from 'uuid'

/** A new UUIDv7: ids made later sort later, which is what "newest first" relies on. */
export function newId(): string {
  return v7()
}
