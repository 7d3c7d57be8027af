import type { Scope } from '#kernel/caller.ts'
import { invalid } from '#kernel/failure.ts'
import type { Database, OperatorTx } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { keyNotFound, tenantNameTaken, tenantNotFound } from './failures.ts'
import { hashOf, type KeyEnvironment, newKey, prefixOf } from './key.ts'
import * as store from './store.ts'

export type KeyOrder = {
  tenant: string
  scopes: Scope[]
  label?: string
  environment?: KeyEnvironment
  /** Requests in any 60 seconds. */
  ratePrep?: number
  rateCheck?: number
  expiresAt?: Date
}

/** The only time a key is seen. */
export type IssuedKey = {
  id: string
  key: string
  prefix: string
  tenant: string
  scopes: Scope[]
  expiresAt: Date | null
}

/** Tenants and their keys, as the operator manages them. Unknown names are the Failure `tenant.not_found`. */
export function createTenants({ db }: { db: Pick<Database, 'asOperator'> }) {
  const setQuotas = (name: string, quotas: { quota?: number | null; textQuota?: number | null }) =>
    db.asOperator('set quota', async (tx) => {
      const { id } = await requireTenant(tx, name)
      const { quota: before, textQuota: textBefore, ...stored } = await store.setTenantQuota(tx, id, quotas)
      return { id, ...stored, before, textBefore }
    })

  return {
    create: (name: string) =>
      db.asOperator('create tenant', async (tx) => {
        if (name.trim() === '' || [...name].length > 200) throw invalid('name', 'must have 1 to 200 characters')
        const tenant = await store.insertTenant(tx, { id: newId(), name })
        if (tenant === undefined) throw tenantNameTaken(name)
        return tenant
      }),
    require: (name: string) => db.asOperator('find tenant', (tx) => requireTenant(tx, name)),
    list: () => db.asOperator('list tenants', store.listTenants),
    setActive: (name: string, isActive: boolean) =>
      db.asOperator('switch tenant', async (tx) => {
        const tenant = await requireTenant(tx, name)
        await store.setTenantActive(tx, tenant.id, isActive)
        return { ...tenant, isActive }
      }),
    /** Lowering it below what is stored refuses what is new and deletes nothing. Null is no quota. */
    setQuota: (name: string, quota: number | null) => setQuotas(name, { quota }),
    /** The same of the text that is read from materials, of both, or of neither: what is not given stays. */
    setQuotas,
    /** Nano-USD of a UTC month; null is no limit. Holds from the next call of a model on; what is spent stays spent. */
    setBudget: (name: string, budget: bigint | null) =>
      db.asOperator('set budget', async (tx) => {
        const { id } = await requireTenant(tx, name)
        const { budget: before, spent } = await store.setTenantMoney(tx, id, { budget })
        return { id, before, spent }
      }),
    /** Who may see the tenant's materials; null is every provider that is configured. Holds from the next question on. */
    setProviders: (name: string, providers: string[] | null) =>
      db.asOperator('set providers', async (tx) => {
        const { id } = await requireTenant(tx, name)
        const { providers: before } = await store.setTenantMoney(tx, id, { providers })
        return { id, before }
      }),
    /** For how many days submissions are kept; what is older goes within the hour. Left out, it stays as it is. */
    setRetention: (name: string, days: number | undefined) =>
      db.asOperator('set retention', async (tx) => {
        const { id } = await requireTenant(tx, name)
        const before = await store.setTenantRetention(tx, id, days)
        return { id, before, days: days ?? before }
      }),
    delete: (name: string) =>
      db.asOperator('delete tenant', async (tx) => {
        const tenant = await requireTenant(tx, name)
        await store.deleteTenant(tx, tenant.id)
        return tenant
      }),
    issueKey: (order: KeyOrder) =>
      db.asOperator('issue key', async (tx) => {
        if (order.expiresAt && order.expiresAt <= new Date()) throw invalid('expires', 'is in the past')
        const tenant = await requireTenant(tx, order.tenant)
        return insertKey(tx, tenant, {
          label: order.label ?? null,
          scopes: order.scopes,
          environment: order.environment ?? 'live',
          rateLimitPrep: order.ratePrep ?? 60,
          rateLimitCheck: order.rateCheck ?? 300,
          expiresAt: order.expiresAt ?? null,
        })
      }),
    listKeys: (tenant: string) =>
      db.asOperator('list keys', async (tx) => store.listKeys(tx, (await requireTenant(tx, tenant)).id)),
    /** A new key like the old one, which goes on for `overlapMs` and then expires. */
    rotateKey: (id: string, overlapMs: number) =>
      db.asOperator('rotate key', async (tx) => {
        const old = await requireOneKey(tx, { id })
        if (!old.isActive) throw invalid('id', 'belongs to a revoked key')
        if (old.expiresAt && old.expiresAt <= new Date()) throw invalid('id', 'belongs to an expired key')
        const tenant = (await store.listTenants(tx)).find((candidate) => candidate.id === old.tenantId)
        if (tenant === undefined) throw keyNotFound()
        const environment = old.prefix.startsWith('cs_test_') ? 'test' : 'live'
        const issued = await insertKey(tx, tenant, { ...old, environment })
        const expiresAt = new Date(Date.now() + overlapMs)
        await store.expireKeyBy(tx, id, expiresAt)
        return {
          issued,
          old: { id, expiresAt: old.expiresAt && old.expiresAt < expiresAt ? old.expiresAt : expiresAt },
        }
      }),
    /** A prefix that several keys share is refused with their ids. */
    revokeKey: (by: { id: string } | { prefix: string }) =>
      db.asOperator('revoke key', async (tx) => {
        const key = await requireOneKey(tx, by)
        await store.revokeKey(tx, key.id)
        return { ...key, isActive: false }
      }),
  }
}

async function requireTenant(tx: OperatorTx, name: string) {
  const tenant = await store.findTenant(tx, name)
  if (tenant === undefined) throw tenantNotFound(name)
  return tenant
}

async function requireOneKey(tx: OperatorTx, by: { id: string } | { prefix: string }) {
  const [key, ...others] = await store.findKeys(tx, by)
  if (key === undefined) throw keyNotFound()
  if (others.length > 0) {
    throw invalid(
      'prefix',
      `is shared by ${others.length + 1} keys; use --id with one of ${[key, ...others].map(({ id }) => id).join(', ')}`,
    )
  }
  return key
}

type KeySettings = Pick<store.ApiKey, 'label' | 'scopes' | 'rateLimitPrep' | 'rateLimitCheck' | 'expiresAt'> & {
  environment: KeyEnvironment
}

async function insertKey(tx: OperatorTx, tenant: store.Tenant, settings: KeySettings): Promise<IssuedKey> {
  const { label, scopes, rateLimitPrep, rateLimitCheck, expiresAt, environment } = settings
  const key = newKey(environment)
  const id = newId()
  const prefix = prefixOf(key)
  await store.insertKey(tx, {
    id,
    tenantId: tenant.id,
    hash: hashOf(key),
    prefix,
    label,
    scopes,
    rateLimitPrep,
    rateLimitCheck,
    expiresAt,
  })
  return { id, key, prefix, tenant: tenant.name, scopes, expiresAt }
}
