import type { Tokens } from '#platform/tokens/index.ts'
import { tokenExpired, tokenInvalid } from './failures.ts'

/** What an upload's address says of itself. `until` is Unix time in milliseconds. */
export type Capability = { upload: string; tenant: string; origin: string | null; until: number }

type Deps = { tokens: Tokens<Capability>; now: () => Date }

const DAY = 86_400_000

/** For as long as this an address is enough to go on with an upload, however lively it is. */
const GOOD_FOR = 7 * DAY

// An expired token still says which page may read that it has expired.
const REMEMBERED_FOR = 30 * DAY

/**
 * Addresses of uploads that are as good as a key for going on with the one upload. Nobody guesses a MAC of 256 bits, so nobody who tries
 * is counted.
 */
export function createCapabilities({ tokens, now }: Deps) {
  const read = (uploadId: string, token: string) => {
    const capability = tokens.verify(token)
    return capability?.upload === uploadId.toLowerCase() ? capability : undefined
  }

  return {
    issue({ uploadId, tenantId, origin }: { uploadId: string; tenantId: string; origin: string | null }): string {
      const issued = now().getTime()
      const capability = { upload: uploadId, tenant: tenantId, origin, until: issued + GOOD_FOR }
      return tokens.sign(capability, new Date(issued + REMEMBERED_FOR))
    },
    /** The page that may talk to the upload; undefined when none was named or the token is no token. */
    originOf: (uploadId: string, token: string): string | undefined => read(uploadId, token)?.origin ?? undefined,
    /** Throws the Failures `upload.token_invalid` and `upload.token_expired`. */
    admit(uploadId: string, token: string): { tenantId: string } {
      const capability = read(uploadId, token)
      if (capability === undefined) throw tokenInvalid()
      if (now().getTime() >= capability.until) throw tokenExpired()
      return { tenantId: capability.tenant }
    },
  }
}

export type Capabilities = ReturnType<typeof createCapabilities>
