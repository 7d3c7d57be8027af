import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { cloneDatabase, type TestDatabase } from '#test/database.ts'
import { createDatabase, type Database } from './database.ts'

let home: TestDatabase
let db: Database
const [ours, theirs] = [newId(), newId()]

beforeAll(async () => {
  home = await cloneDatabase()
  // One connection for all, so that what one transaction leaves is what the next one finds.
  db = createDatabase({ url: home.urls.app, poolSize: 1 })
  await db.asOperator('make tenants', (tx) =>
    tx
      .insertInto('tenants')
      .values([
        { id: ours, name: 'Наші' },
        { id: theirs, name: 'Їхні' },
      ])
      .execute(),
  )
})
afterAll(async () => {
  await db.close()
  await home.drop()
})

/** What the connection that transactions use shows to one who says nothing about himself. */
const visible = async () => {
  const { rows } = await db.pool.query(
    `SELECT current_user AS who, nullif(current_setting('app.tenant_id', true), '') AS tenant, (SELECT min(id::text) FROM tenants) AS id`,
  )
  return rows[0]
}

const NOBODY = { id: null, tenant: null, who: 'cs_app' }

describe('a connection carries nothing to the next who uses it', () => {
  test('of a tenant', async () => {
    expect(await db.forTenant(ours, (tx) => tx.selectFrom('tenants').select('id').execute())).toEqual([{ id: ours }])
    expect(await visible()).toEqual(NOBODY)
    expect(await db.forTenant(theirs, (tx) => tx.selectFrom('tenants').select('id').execute())).toEqual([
      { id: theirs },
    ])
  })

  test('of a tenant whose work failed', async () => {
    await expect(db.forTenant(ours, (tx) => sql`SELECT 1 / 0`.execute(tx))).rejects.toThrow(/division by zero/)
    expect(await visible()).toEqual(NOBODY)
  })

  test('of the operator, whose work failed or not', async () => {
    expect(await db.asOperator('count', (tx) => tx.selectFrom('tenants').selectAll().execute())).toHaveLength(2)
    await expect(db.asOperator('fail', (tx) => sql`SELECT 1 / 0`.execute(tx))).rejects.toThrow(/division by zero/)
    expect(await visible()).toEqual(NOBODY)
  })
})

describe('an outage is the Failure service.unavailable, and passes', () => {
  const unavailable = { kind: 'unavailable', code: 'service.unavailable', retryAfter: 5 }

  test('when a statement takes too long', async () => {
    const hasty = createDatabase({ url: home.urls.app, statementTimeout: 300 })
    await expect(hasty.forTenant(ours, (tx) => sql`SELECT pg_sleep(60)`.execute(tx))).rejects.toMatchObject(unavailable)
    await hasty.close()
  })

  test('when the connection is cut in the middle of a transaction', async () => {
    const superuser = new pg.Client({ connectionString: home.urls.superuser })
    await superuser.connect()
    const cut = db.forTenant(ours, async (tx) => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(tx)
      await superuser.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid])
      // Nobody is asking when the news comes.
      await new Promise((resolve) => setTimeout(resolve, 50))
      return sql`SELECT 1`.execute(tx)
    })
    await expect(cut).rejects.toMatchObject(unavailable)
    await superuser.end()
    expect(await visible()).toEqual(NOBODY)
  })

  test('when two transactions lock each other', async () => {
    const pair = createDatabase({ url: home.urls.app, poolSize: 2 })
    const rename = (first: string, second: string, met: () => Promise<void>) =>
      pair.asOperator('rename', async (tx) => {
        const touch = (id: string) => sql`UPDATE tenants SET updated_at = now() WHERE id = ${id}`.execute(tx)
        await touch(first)
        await met()
        await touch(second)
      })
    let here = 0
    const both = Promise.withResolvers<void>()
    const met = () => {
      here += 1
      if (here === 2) both.resolve()
      return both.promise
    }
    const outcomes = await Promise.allSettled([rename(ours, theirs, met), rename(theirs, ours, met)])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: unavailable })
    await pair.close()
  })

  test('when nobody is there', async () => {
    const nowhere = createDatabase({ url: 'postgres://a:b@127.0.0.1:1/c' })
    await expect(nowhere.statement('probe', 'SELECT 1', [])).rejects.toMatchObject(unavailable)
    await nowhere.close()
  })
})

test('a wrong statement is a defect, not an outage', async () => {
  await expect(db.statement('wrong', 'SELECT nothing', [])).rejects.toMatchObject({ code: '42703' })
})
