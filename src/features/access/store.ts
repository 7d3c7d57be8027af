import { sql } from 'kysely'
import type { Caller, Scope } from '#kernel/caller.ts'
import type { Database, OperatorTx } from '#platform/db/database.ts'

export type FoundKey = { caller: Caller; expired: boolean }

export type Tenant = { id: string; name: string; isActive: boolean; createdAt: Date }

/** Bytes of materials, and of the text read from them. A quota of null is none. */
export type TenantStorage = { used: number; quota: number | null; textUsed: number; textQuota: number | null }

/** What a tenant may spend on language models in a UTC month, in nano-USD (null: any amount), and whom it may be spent with (null: all). */
export type TenantMoney = { budget: bigint | null; spent: bigint; providers: string[] | null }

/** For how many days a tenant's submissions are kept. */
export type TenantRetention = { submissionsDays: number }

export type ApiKey = {
  id: string
  tenantId: string
  prefix: string
  label: string | null
  scopes: Scope[]
  rateLimitPrep: number
  rateLimitCheck: number
  isActive: boolean
  expiresAt: Date | null
  createdAt: Date
}

export type NewApiKey = Omit<ApiKey, 'isActive' | 'createdAt'> & { hash: string }

type AuthenticatedRow = {
  key_id: string
  key_prefix: string
  label: string | null
  scopes: Scope[]
  rate_limit_prep: number
  rate_limit_check: number
  expires_at: Date | null
  expired: boolean
  tenant_id: string
  tenant_name: string
}

/** The active key of an active tenant, by its hash; expired ones too. The only query that authentication makes. */
export async function findKey(db: Pick<Database, 'statement'>, hash: string): Promise<FoundKey | undefined> {
  const [row] = await db.statement<AuthenticatedRow>('authenticate_key', 'SELECT * FROM authenticate_key($1)', [hash])
  if (row === undefined) return undefined
  const caller: Caller = {
    tenantId: row.tenant_id,
    tenantName: row.tenant_name,
    keyId: row.key_id,
    keyPrefix: row.key_prefix,
    keyLabel: row.label,
    scopes: row.scopes,
    limits: { prep: row.rate_limit_prep, check: row.rate_limit_check },
    expiresAt: row.expires_at,
  }
  return { caller, expired: row.expired }
}

const QUOTAS = ['storage_quota_bytes as quota', 'text_quota_bytes as textQuota'] as const

const TENANT = ['id', 'name', 'is_active as isActive', 'created_at as createdAt'] as const

/** Undefined when the name is taken. */
export async function insertTenant(tx: OperatorTx, tenant: { id: string; name: string }): Promise<Tenant | undefined> {
  const insert = tx
    .insertInto('tenants')
    .values(tenant)
    .onConflict((conflict) => conflict.column('name').doNothing())
  return insert.returning(TENANT).executeTakeFirst()
}

export async function findTenant(tx: OperatorTx, name: string): Promise<Tenant | undefined> {
  return tx.selectFrom('tenants').select(TENANT).where('name', '=', name).executeTakeFirst()
}

export async function listTenants(tx: OperatorTx): Promise<(Tenant & TenantStorage & TenantMoney & TenantRetention)[]> {
  const rows = await tx
    .selectFrom('tenants')
    .leftJoin('storage_usage', 'storage_usage.tenant_id', 'tenants.id')
    .select([...TENANT, ...QUOTAS, 'used_bytes as used', 'text_bytes as textUsed'])
    .select(['monthly_budget_nano_usd as budget', 'llm_providers as providers', spentThisMonth])
    .select('submissions_days as submissionsDays')
    .orderBy('name')
    .execute()
  return rows.map((row) => ({ ...row, ...storageOf(row), ...moneyOf(row) }))
}

/** Changes what is given and returns what was before. */
export async function setTenantMoney(
  tx: OperatorTx,
  id: string,
  { budget, providers }: Partial<Pick<TenantMoney, 'budget' | 'providers'>>,
): Promise<TenantMoney> {
  const before = await tx
    .selectFrom('tenants')
    .select(['monthly_budget_nano_usd as budget', 'llm_providers as providers', spentThisMonth])
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  await tx
    .updateTable('tenants')
    .set({
      ...(budget === undefined ? {} : { monthly_budget_nano_usd: budget === null ? null : String(budget) }),
      ...(providers === undefined ? {} : { llm_providers: providers }),
      updated_at: sql`now()`,
    })
    .where('id', '=', id)
    .execute()
  return moneyOf(before)
}

/** Sets for how many days submissions are kept, where that is given; returns what was before. */
export async function setTenantRetention(tx: OperatorTx, id: string, days: number | undefined): Promise<number> {
  const { before } = await tx
    .selectFrom('tenants')
    .select('submissions_days as before')
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  if (days !== undefined) {
    const change = tx.updateTable('tenants').set({ submissions_days: days, updated_at: sql`now()` })
    await change.where('id', '=', id).execute()
  }
  return before
}

const spentThisMonth = sql<string | null>`(
  SELECT s.spent_nano_usd FROM llm_spending s
  WHERE s.tenant_id = tenants.id AND s.month = date_trunc('month', now() AT TIME ZONE 'UTC')::date
)`.as('spent')

type MoneyRow = { budget: string | number | bigint | null; spent: string | null; providers: string[] | null }

const moneyOf = ({ budget, spent, providers }: MoneyRow): TenantMoney => ({
  budget: budget === null ? null : BigInt(budget),
  spent: BigInt(spent ?? 0),
  providers,
})

/** Sets the quotas that are given and returns those before, with what is stored. */
export async function setTenantQuota(
  tx: OperatorTx,
  id: string,
  { quota, textQuota }: Partial<Pick<TenantStorage, 'quota' | 'textQuota'>>,
): Promise<TenantStorage> {
  const tenant = tx.selectFrom('tenants').select(QUOTAS).where('id', '=', id)
  const before = await tenant.forNoKeyUpdate().executeTakeFirstOrThrow()
  const usage = tx.selectFrom('storage_usage').select(['used_bytes as used', 'text_bytes as textUsed'])
  const used = await usage.where('tenant_id', '=', id).executeTakeFirst()
  await tx
    .updateTable('tenants')
    .set({
      ...(quota === undefined ? {} : { storage_quota_bytes: quota }),
      ...(textQuota === undefined ? {} : { text_quota_bytes: textQuota }),
      updated_at: sql`now()`,
    })
    .where('id', '=', id)
    .execute()
  return storageOf({ used: 0, textUsed: 0, ...used, ...before })
}

type Bytes = string | number | null

const storageOf = ({ used, quota, textUsed, textQuota }: Record<keyof TenantStorage, Bytes>): TenantStorage => ({
  used: Number(used ?? 0),
  quota: quota === null ? null : Number(quota),
  textUsed: Number(textUsed ?? 0),
  textQuota: textQuota === null ? null : Number(textQuota),
})

export async function setTenantActive(tx: OperatorTx, id: string, isActive: boolean): Promise<void> {
  await tx.updateTable('tenants').set({ is_active: isActive, updated_at: sql`now()` }).where('id', '=', id).execute()
}

/** Everything of the tenant goes by cascade; the ledger of costs has no foreign key and stays. */
export async function deleteTenant(tx: OperatorTx, id: string): Promise<void> {
  await tx.deleteFrom('tenants').where('id', '=', id).execute()
}

const KEY = [
  'id',
  'tenant_id as tenantId',
  'key_prefix as prefix',
  'label',
  'scopes',
  'rate_limit_prep as rateLimitPrep',
  'rate_limit_check as rateLimitCheck',
  'is_active as isActive',
  'expires_at as expiresAt',
  'created_at as createdAt',
] as const

export async function insertKey(tx: OperatorTx, key: NewApiKey): Promise<void> {
  const { id, tenantId, hash, prefix, label, scopes, rateLimitPrep, rateLimitCheck, expiresAt } = key
  await tx
    .insertInto('api_keys')
    .values({
      id,
      tenant_id: tenantId,
      key_hash: hash,
      key_prefix: prefix,
      label,
      scopes,
      rate_limit_prep: rateLimitPrep,
      rate_limit_check: rateLimitCheck,
      expires_at: expiresAt,
    })
    .execute()
}

export async function listKeys(tx: OperatorTx, tenantId: string): Promise<ApiKey[]> {
  return (await tx
    .selectFrom('api_keys')
    .select(KEY)
    .where('tenant_id', '=', tenantId)
    .orderBy('id')
    .execute()) as ApiKey[]
}

export async function findKeys(tx: OperatorTx, by: { id: string } | { prefix: string }): Promise<ApiKey[]> {
  const keys = tx.selectFrom('api_keys').select(KEY).orderBy('id')
  const found = 'id' in by ? keys.where('id', '=', by.id) : keys.where('key_prefix', '=', by.prefix)
  return (await found.execute()) as ApiKey[]
}

export async function revokeKey(tx: OperatorTx, id: string): Promise<void> {
  await tx.updateTable('api_keys').set({ is_active: false }).where('id', '=', id).execute()
}

/** Brings the end nearer, never farther. */
export async function expireKeyBy(tx: OperatorTx, id: string, at: Date): Promise<void> {
  await tx
    .updateTable('api_keys')
    .set({ expires_at: sql<Date>`least(expires_at, ${at})` })
    .where('id', '=', id)
    .execute()
}
