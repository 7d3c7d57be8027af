import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { startApp } from '#test/app.ts'
import { recordAnswer, recordCalls, recordReservation, recordSplit } from '#test/ledger.ts'
import { makeWorld } from '#test/world.ts'

// Every table, from PostgreSQL's own catalog, and what must hold of each. A new table is in here by being there.

const app = await startApp({ worker: true })
const superuser = new pg.Client({ connectionString: app.database.urls.superuser })
await superuser.connect()

const select = async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
  (await superuser.query<R>(text, values)).rows

/** Tables that hold nothing of a tenant. A new one is a decision to be made here. */
const SHARED = ['discarded_objects', 'installation', 'llm_spending_total', 'schema_migrations']

const tables = await select<{ name: string; tenant: string | null }>(`
  SELECT c.relname AS name, CASE WHEN c.relname = 'tenants' THEN 'id' ELSE a.attname END AS tenant
  FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`)
const owned = tables.flatMap(({ name, tenant }) => (tenant === null ? [] : [{ name, tenant }]))

// What the API makes, and what it cannot make yet.
const clients = [await app.as('Академія'), await app.as('Суперник')] as const
const [ours, rival] = clients.map(({ tenantId }) => tenantId) as [string, string]
const worlds = await Promise.all(clients.map((client) => makeWorld(client)))
for (const [index, tenant] of [ours, rival].entries()) {
  await superuser.query(
    `INSERT INTO uploads (id, tenant_id, course_id, kind, object_key, expires_at)
     VALUES (gen_random_uuid(), $1, $2, 'resumable', $1::uuid || '/upload', now() + interval '1 hour')`,
    [tenant, worlds[index]?.['courseId']],
  )
  await recordCalls(app.database, [{ tenant_id: tenant }])
  await recordReservation(app.database, { tenant_id: tenant })
  const { courseId: course_id, exerciseId: exercise_id } = worlds[index] ?? {}
  await recordAnswer(app.database, { tenant_id: tenant, course_id })
  await recordSplit(app.database, { tenant_id: tenant, course_id, exercise_id })
}

afterAll(async () => {
  await superuser.end()
  await app.close()
})

/** Asks as the application does, in a transaction of this tenant or of nobody. Nothing is kept. */
async function asApp(tenant: string | null, text: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: app.database.urls.app })
  await client.connect()
  try {
    await client.query('BEGIN')
    if (tenant !== null) await client.query("SELECT set_config('app.tenant_id', $1, true)", [tenant])
    return await client.query(text, values)
  } finally {
    await client.end()
  }
}

/** 42501 insufficient_privilege: the policy, or a right that was never granted. */
const REFUSED = { code: '42501' }

test('each table is a tenant’s or is known to be nobody’s', () => {
  expect(tables.filter(({ tenant }) => tenant === null).map(({ name }) => name)).toEqual(SHARED)
})

test('there is no way around the tables', async () => {
  const others = await select(`
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm', 'f')`)
  expect(others).toEqual([])
  // A function that runs as its owner: nobody's but those it was given to, and blind to what a caller puts in its search path.
  const definers = await select(`
    SELECT p.oid::regprocedure AS function, coalesce(p.proacl::text LIKE '%{=X%' OR p.proacl::text LIKE '%,=X%', true) AS public,
      coalesce(p.proconfig::text LIKE '%search_path=%', false) AS pinned
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef`)
  expect(definers.length).toBeGreaterThan(0)
  for (const definer of definers) expect(definer).toMatchObject({ public: false, pinned: true })
  expect(await select(`SELECT has_schema_privilege('cs_app', 'public', 'CREATE') AS may`)).toEqual([{ may: false }])
})

describe.each(owned)('$name', ({ name, tenant }) => {
  test('has forced row-level security and always a tenant', async () => {
    const [facts] = await select(
      `SELECT c.relrowsecurity, c.relforcerowsecurity, a.attnotnull FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.oid = $1::regclass AND a.attname = $2`,
      [name, tenant],
    )
    expect(facts).toEqual({ relrowsecurity: true, relforcerowsecurity: true, attnotnull: true })
  })

  test('shows nothing with no tenant set, and only its own to a tenant', async () => {
    const counts = await select<{ tenant: string }>(`SELECT DISTINCT ${tenant}::text AS tenant FROM ${name}`)
    // Else nothing would be proven: test/world.ts must make a row of this table for each tenant.
    expect(counts.map((row) => row.tenant).sort()).toEqual([ours, rival].sort())
    const seen = async (who: string | null) =>
      (await asApp(who, `SELECT DISTINCT ${tenant}::text AS tenant FROM ${name}`)).rows.map((row) => row.tenant)
    expect(await seen(null)).toEqual([])
    expect(await seen(ours)).toEqual([ours])
    expect(await seen(rival)).toEqual([rival])
  })

  test('takes no row in another’s name', async () => {
    const [row] = await select<{ json: unknown }>(
      `SELECT to_jsonb(t) AS json FROM ${name} t WHERE ${tenant} = $1 LIMIT 1`,
      [rival],
    )
    const forged = `INSERT INTO ${name} SELECT * FROM jsonb_populate_record(NULL::${name}, $1)`
    await expect(asApp(ours, forged, [row?.json])).rejects.toMatchObject(REFUSED)
    await expect(asApp(null, forged, [row?.json])).rejects.toMatchObject(REFUSED)
  })

  test('gives no row away', async () => {
    const given = asApp(ours, `UPDATE ${name} SET ${tenant} = $1`, [rival])
    await expect(given).rejects.toMatchObject(REFUSED)
  })

  test('lets nobody change or delete another’s', async () => {
    for (const text of [`UPDATE ${name} SET ${tenant} = ${tenant}`, `DELETE FROM ${name}`]) {
      const touched = await asApp(ours, `${text} WHERE ${tenant} = $1`, [rival]).then(
        ({ rowCount }) => rowCount,
        (error: { code: string }) => error.code,
      )
      expect([0, REFUSED.code]).toContain(touched)
    }
  })
})

type ForeignKey = { constraint: string; from: string; to: string; columns: string[]; referenced: string[] }

const foreignKeys = await select<ForeignKey>(`
  SELECT k.conname AS constraint, k.conrelid::regclass::text AS from, k.confrelid::regclass::text AS to,
    (SELECT array_agg(a.attname::text ORDER BY n) FROM unnest(k.conkey) WITH ORDINALITY AS c(num, n)
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.num) AS columns,
    (SELECT array_agg(a.attname::text ORDER BY n) FROM unnest(k.confkey) WITH ORDINALITY AS c(num, n)
      JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = c.num) AS referenced
  FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace ORDER BY 1`)

describe.each(foreignKeys)('$constraint', ({ from, to, columns, referenced }) => {
  test('cannot cross tenants', () => {
    const names = owned.map(({ name }) => name)
    expect(names).toContain(from)
    expect(names).toContain(to)
    const tenantOf = to === 'tenants' ? 'id' : 'tenant_id'
    expect(columns.indexOf('tenant_id')).toBeGreaterThanOrEqual(0)
    expect(referenced[columns.indexOf('tenant_id')]).toBe(tenantOf)
  })

  test('has an index that begins with its columns', async () => {
    const indexes = await select<{ leading: string[] }>(
      `SELECT (SELECT array_agg(a.attname::text ORDER BY n) FROM unnest(i.indkey::int[]) WITH ORDINALITY AS c(num, n)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = c.num WHERE n <= $2) AS leading
       FROM pg_index i WHERE i.indrelid = $1::regclass AND i.indpred IS NULL AND i.indisvalid`,
      [from, columns.length],
    )
    const covering = indexes.filter(({ leading }) => [...leading].sort().join() === [...columns].sort().join())
    expect(covering, `${from} (${columns}) → ${to}`).not.toEqual([])
  })
})
