import type { AnswerStore } from '#platform/http/index.ts'
import { idempotencyKeyInUse } from '#platform/http/refusals.ts'
import { claimKey, type Db, deleteOldKeys, freeClaim, renewClaim, storeAnswer } from './store.ts'

const SWEEP_BATCH = 5_000

/** Remembers the answers to requests with an `Idempotency-Key`, in the same transaction as the work they answer. */
export function createAnswerStore({ db }: { db: Db }): AnswerStore & { sweep(): Promise<number> } {
  return {
    claim: (claim) => db.forTenant(claim.tenantId, (tx) => claimKey(tx, claim)),
    renew: (claim) => db.forTenant(claim.tenantId, (tx) => renewClaim(tx, claim)),
    settle: async (tx, claim, fingerprint, { status, location, body }) => {
      const stored = await storeAnswer(tx, claim, { fingerprint, status, location, body })
      if (!stored) throw idempotencyKeyInUse()
    },
    free: (claim) => db.forTenant(claim.tenantId, (tx) => freeClaim(tx, claim)),
    /** Forgets what is older than a day; run now and then. */
    sweep: () => db.asOperator('sweep idempotency keys', (tx) => deleteOldKeys(tx, SWEEP_BATCH)),
  }
}
