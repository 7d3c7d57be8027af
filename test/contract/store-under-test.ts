import type { ObjectStore } from '#platform/objects/index.ts'

export type StoreUnderTest = {
  store: ObjectStore
  /** Names of what unfinished puts have left: open uploads, temporary files. */
  leftovers(): Promise<string[]> | string[]
  /**
   * Makes the store stop taking bytes once it has begun to. `began` resolves when it has; a store that cannot be
   * stopped from outside leaves this out.
   */
  hold?(): { began: Promise<unknown>; release(): void }
  destroy(): Promise<void>
}
