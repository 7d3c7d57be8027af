import pg from 'pg'

export type LoginRole = { name: string; password: string }

/**
 * The roles of an installation. Roles belong to the whole cluster, so they are made apart from the migrations, idempotently,
 * over a connection that may create roles.
 *
 * - `course_supporter_tenant` and `course_supporter_operator` cannot log in: they hold the grants and policies of the migrations.
 * - `owner` owns the tables and migrates. - `app` serves: a member of both groups that inherits the first and must enter the second.
 * - `queue` owns the queue library's schema, because that library works only as the owner of its tables.
 */
export async function ensureRoles(
  client: pg.ClientBase,
  { owner, app, queue }: { owner: LoginRole; app: LoginRole; queue: LoginRole },
): Promise<void> {
  await alone(client, async () => {
    await createRole(client, 'course_supporter_tenant', 'NOLOGIN')
    await createRole(client, 'course_supporter_operator', 'NOLOGIN')
    for (const role of [owner, app, queue]) await createLogin(client, role)
    const [ownerName, appName] = [pg.escapeIdentifier(owner.name), pg.escapeIdentifier(app.name)]
    await client.query(`GRANT course_supporter_tenant TO ${appName} WITH INHERIT TRUE, SET TRUE`)
    await client.query(`GRANT course_supporter_operator TO ${appName} WITH INHERIT FALSE, SET TRUE`)
    // SECURITY DEFINER functions run as the owner, whom forced row-level security would show nothing.
    await client.query(`GRANT course_supporter_operator TO ${ownerName} WITH INHERIT TRUE, SET TRUE`)
  })
}

/** Creates the database if it is missing, owned by `owner`, closed to everyone but the three roles. */
export async function ensureDatabase(
  client: pg.ClientBase,
  name: string,
  { owner, app, queue }: { owner: string; app: string; queue: string },
): Promise<void> {
  await alone(client, async () => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    const database = pg.escapeIdentifier(name)
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database} OWNER ${pg.escapeIdentifier(owner)}`)
    await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`)
    for (const role of [app, queue])
      await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${pg.escapeIdentifier(role)}`)
    await client.query(`GRANT CREATE ON DATABASE ${database} TO ${pg.escapeIdentifier(queue)}`)
  })
}

// Any number will do, as long as every process uses the same.
const LOCK = 7_305_921_115

/** Commands that start at the same time do this at the same time; two changes of one role would fail with "tuple concurrently updated". */
async function alone(client: pg.ClientBase, work: () => Promise<void>) {
  await client.query("SET lock_timeout = '120s'")
  await client.query('SELECT pg_advisory_lock($1)', [LOCK])
  try {
    await work()
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK])
  }
}

async function createLogin(client: pg.ClientBase, { name, password }: LoginRole) {
  await createRole(client, name, 'LOGIN')
  await client.query(`ALTER ROLE ${pg.escapeIdentifier(name)} PASSWORD ${pg.escapeLiteral(password)}`)
}

async function createRole(client: pg.ClientBase, name: string, login: 'LOGIN' | 'NOLOGIN') {
  const options = `${login} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION`
  try {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name])
    if (rowCount === 0) await client.query(`CREATE ROLE ${pg.escapeIdentifier(name)} ${options}`)
  } catch (error) {
    // Somebody else created it between the question and the answer: 42710 duplicate_object, 23505 on the catalog.
    if (!(error instanceof pg.DatabaseError && (error.code === '42710' || error.code === '23505'))) throw error
  }
}
