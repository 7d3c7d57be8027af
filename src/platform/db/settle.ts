import type { TenantTx } from './database.ts'

/** Called last in the transaction that makes a piece of work true, so that its answer is kept if and only if the work is. */
export type Settle<T> = (tx: TenantTx, result: T) => Promise<void>
