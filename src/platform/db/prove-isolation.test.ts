import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '#platform/ids/index.ts'
import { cloneDatabase, type TestDatabase } from '#test/database.ts'
import { proveIsolation } from './prove-isolation.ts'

let home: TestDatabase
let superuser: pg.Client

beforeAll(async () => {
  home = await cloneDatabase()
  superuser = new pg.Client({ connectionString: home.urls.superuser })
  await superuser.connect()
  const [tenant, course] = [newId(), newId()]
  await superuser.query("INSERT INTO tenants (id, name) VALUES ($1, 'Академія')", [tenant])
  await superuser.query("INSERT INTO courses (id, tenant_id, title) VALUES ($1, $2, 'Курс')", [course, tenant])
})
afterAll(async () => {
  await superuser.end()
  await home.drop()
})

async function prove(url: string) {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  try {
    await proveIsolation(pool)
  } finally {
    await pool.end()
  }
}

/** A role of its own kind for one proof. Roles belong to the whole cluster, so its name is of chance. */
async function withRole(options: string, grants: string[], work: (url: string) => Promise<void>) {
  const name = `cs_test_${randomBytes(4).toString('hex')}`
  const database = new URL(home.urls.app).pathname.slice(1)
  await superuser.query(
    `CREATE ROLE ${name} LOGIN PASSWORD 'x' ${options}; GRANT CONNECT ON DATABASE ${database} TO ${name}`,
  )
  try {
    for (const grant of grants) await superuser.query(grant.replace('$role', name))
    await work(Object.assign(new URL(home.urls.app), { username: name, password: 'x' }).href)
  } finally {
    await superuser.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)
  }
}

const MEMBER = 'GRANT course_supporter_tenant TO $role'

test('the application’s role passes', () => prove(home.urls.app))

test('a superuser is refused', () => expect(prove(home.urls.superuser)).rejects.toThrow(/is a superuser/))

test('the owner of the tables is refused', () =>
  expect(prove(home.urls.owner)).rejects.toThrow(/role cs_owner owns or may become the owner of .*courses/))

test.each([
  ['with BYPASSRLS', 'BYPASSRLS', [MEMBER], /has BYPASSRLS/],
  [
    'that is always the operator',
    '',
    [MEMBER, 'GRANT course_supporter_operator TO $role WITH INHERIT TRUE'],
    /inherits the operator role/,
  ],
  ['that may become the owner', '', [MEMBER, 'GRANT cs_owner TO $role WITH INHERIT FALSE'], /may become the owner of/],
])('a role %s is refused', (_what, options, grants, reason) =>
  withRole(options, grants, (url) => expect(prove(url)).rejects.toThrow(reason)),
)

test.each([
  [
    'NO FORCE',
    'ALTER TABLE courses NO FORCE ROW LEVEL SECURITY',
    'ALTER TABLE courses FORCE ROW LEVEL SECURITY',
    /table courses has no forced/,
  ],
  [
    'DISABLE',
    'ALTER TABLE jobs DISABLE ROW LEVEL SECURITY',
    'ALTER TABLE jobs ENABLE ROW LEVEL SECURITY',
    /table jobs has no forced/,
  ],
  [
    'of tenants',
    'ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY',
    'ALTER TABLE tenants FORCE ROW LEVEL SECURITY',
    /table tenants has no forced/,
  ],
  [
    'a tenant_id that may be null',
    'ALTER TABLE llm_calls ALTER tenant_id DROP NOT NULL',
    'ALTER TABLE llm_calls ALTER tenant_id SET NOT NULL',
    /table llm_calls .* lets tenant_id be null/,
  ],
  [
    'a new table without any',
    'CREATE TABLE new_things (tenant_id uuid NOT NULL)',
    'DROP TABLE new_things',
    /table new_things has no forced/,
  ],
  [
    'a policy too many',
    'CREATE POLICY open ON courses TO course_supporter_tenant USING (true)',
    'DROP POLICY open ON courses',
    /rows of courses are visible/,
  ],
  [
    'a view past them',
    'CREATE VIEW all_courses AS SELECT * FROM courses; GRANT SELECT ON all_courses TO course_supporter_tenant',
    'DROP VIEW all_courses',
    /rows of all_courses are visible/,
  ],
])('row-level security with %s is refused', async (_what, breaking, mending, reason) => {
  await superuser.query(breaking)
  await expect(prove(home.urls.app)).rejects.toThrow(reason)
  await superuser.query(mending)
  await prove(home.urls.app)
})
