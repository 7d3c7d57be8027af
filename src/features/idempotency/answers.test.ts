import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase, type Database } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import { cloneDatabase, type TestDatabase } from '#test/database.ts'
import { createAnswerStore } from './index.ts'

let home: TestDatabase
let db: Database
let store: ReturnType<typeof createAnswerStore>
const tenantId = newId()

beforeAll(async () => {
  home = await cloneDatabase()
  db = createDatabase({ url: home.urls.app })
  store = createAnswerStore({ db })
  await db.asOperator('make tenant', (tx) =>
    tx.insertInto('tenants').values({ id: tenantId, name: 'Академія' }).execute(),
  )
})
afterAll(async () => {
  await db.close()
  await home.drop()
})

const ANSWER = { status: 201, location: '/api/v1/courses/x', body: { title: 'Їжак', list: [1, null] } }
const newClaim = () => ({ tenantId, key: newId(), claimId: newId() })
type Claim = ReturnType<typeof newClaim>

const rowOf = ({ key }: Claim) =>
  db.forTenant(tenantId, (tx) =>
    tx.selectFrom('idempotency_keys').selectAll().where('key', '=', key).executeTakeFirst(),
  )

const age = ({ key }: Claim, fields: { created_at?: Date; leased_until?: Date }) =>
  db.forTenant(tenantId, (tx) => tx.updateTable('idempotency_keys').set(fields).where('key', '=', key).execute())

const ago = (ms: number) => new Date(Date.now() - ms)
const HOUR = 3_600_000

/** Work as a rule does it: a course, its answer, and whatever comes after within the transaction. */
async function makeCourse(claim: Claim, after: () => Promise<void> = async () => undefined): Promise<string> {
  const id = newId()
  await db.forTenant(tenantId, async (tx) => {
    await tx.insertInto('courses').values({ id, tenant_id: tenantId, title: 'Курс' }).execute()
    await store.settle(tx, claim, 'what was asked', ANSWER)
    await after()
  })
  return id
}

const courses = () => db.forTenant(tenantId, (tx) => tx.selectFrom('courses').select('id').execute())

test('a crash before the commit leaves neither the work nor its answer', async () => {
  const claim = newClaim()
  await store.claim(claim)
  const before = await courses()
  await expect(makeCourse(claim, () => Promise.reject(new Error('crash')))).rejects.toThrow('crash')
  expect(await courses()).toEqual(before)
  expect(await rowOf(claim)).toMatchObject({ reply_status: null, fingerprint: null })
  await store.free(claim)
  expect(await store.claim(newClaimOf(claim))).toEqual({ kind: 'claimed' })
})

test('a crash after the commit leaves both: nobody frees what was answered', async () => {
  const claim = newClaim()
  expect(await store.claim(claim)).toEqual({ kind: 'claimed' })
  await makeCourse(claim)
  await store.free(claim)
  expect(await store.claim(newClaimOf(claim))).toEqual({
    kind: 'answered',
    fingerprint: 'what was asked',
    answer: ANSWER,
  })
})

test('whoever lost the claim meanwhile makes nothing', async () => {
  const claim = newClaim()
  await store.claim(claim)
  await age(claim, { leased_until: ago(1) })
  const successor = newClaimOf(claim)
  expect(await store.claim(successor)).toEqual({ kind: 'claimed' })
  const before = await courses()
  await expect(makeCourse(claim)).rejects.toMatchObject({ code: 'idempotency.in_progress' })
  expect(await courses()).toEqual(before)
  // Nor does it renew or free what is another's.
  const held = await rowOf(claim)
  await store.renew(claim)
  await store.free(claim)
  expect(await rowOf(claim)).toEqual(held)
  await makeCourse(successor)
})

test('a renewed claim outlives its first lease', async () => {
  const claim = newClaim()
  await store.claim(claim)
  await age(claim, { leased_until: ago(1) })
  await store.renew(claim)
  expect(await store.claim(newClaimOf(claim))).toEqual({ kind: 'running' })
})

test('the sweeper takes what is over a day old and nothing else', async () => {
  const [young, old, running, dead] = [newClaim(), newClaim(), newClaim(), newClaim()]
  for (const claim of [young, old, running, dead]) await store.claim(claim)
  for (const claim of [young, old]) await makeCourse(claim)
  for (const claim of [old, dead]) await age(claim, { created_at: ago(25 * HOUR), leased_until: ago(1) })
  await age(running, { created_at: ago(25 * HOUR) })
  expect(await store.sweep()).toBe(2)
  const left = await Promise.all([young, old, running, dead].map(rowOf))
  expect(left.map((row) => row !== undefined)).toEqual([true, false, true, false])
})

function newClaimOf(claim: Claim): Claim {
  return { ...claim, claimId: newId() }
}
