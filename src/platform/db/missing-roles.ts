import pg from 'pg'
import type { LoginRole } from './roles.ts'

type Roles = { app: LoginRole | undefined; queue: LoginRole }

/** What has to be done, and the same as it may be shown: without the password. */
type Step = { sql: string; shown: string }

/**
 * Makes what is missing of the roles (see roles.ts) over the connection of the migrating role, which owns the database. Those that exist
 * keep their passwords. Throws an Error of one line, with the statements for a superuser, when the role may not do it.
 */
export async function ensureMissingRoles(client: pg.ClientBase, { app, queue }: Roles): Promise<void> {
  const [own] = (await client.query<OwnRights>(OWN_RIGHTS)).rows
  if (own === undefined) throw new Error('The database does not tell who is connected.')
  const { role, database } = own
  if (!own.may_create) {
    const statement = `ALTER DATABASE ${pg.escapeIdentifier(database)} OWNER TO ${pg.escapeIdentifier(role)}`
    throw new Error(`${role} may not create tables in the database ${database}. Have a superuser run: ${statement};`)
  }
  const steps = await missingSteps(client, role, { app, queue })
  try {
    await client.query('BEGIN')
    for (const { sql } of steps) await client.query(sql)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    // 42501: insufficient_privilege.
    if (!(error instanceof pg.DatabaseError && error.code === '42501')) throw error
    const statements = steps.map(({ shown }) => `${shown};`).join(' ')
    throw new Error(`Roles are missing, and ${role} may not make them. Have a superuser run: ${statements}`, {
      cause: error,
    })
  }
}

type OwnRights = { role: string; database: string; may_create: boolean }

const OWN_RIGHTS = `
  SELECT current_user AS role, current_database() AS database,
    has_schema_privilege('public', 'CREATE') AND has_database_privilege(current_database(), 'CREATE') AS may_create`

async function missingSteps(client: pg.ClientBase, owner: string, { app, queue }: Roles): Promise<Step[]> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles')
  const known = new Set(rows.map(({ rolname }) => rolname))
  const groups = ['course_supporter_tenant', 'course_supporter_operator'].filter((name) => !known.has(name))
  const logins = [app, queue].filter((role) => role !== undefined).filter(({ name }) => !known.has(name))
  const memberships = [
    ...(app ? [{ group: 'course_supporter_tenant', member: app.name, inherits: true }] : []),
    ...(app ? [{ group: 'course_supporter_operator', member: app.name, inherits: false }] : []),
    { group: 'course_supporter_operator', member: owner, inherits: true },
  ]
  const missing: Step[] = []
  for (const { group, member, inherits } of memberships) {
    if (known.has(group) && known.has(member) && (await isMember(client, { group, member, inherits }))) continue
    missing.push(same(`GRANT ${group} TO ${pg.escapeIdentifier(member)} WITH INHERIT ${inherits}, SET TRUE`))
  }
  return [...groups.map((name) => same(`CREATE ROLE ${name} NOLOGIN`)), ...logins.map(creation), ...missing]
}

const same = (sql: string): Step => ({ sql, shown: sql })

function creation({ name, password }: LoginRole): Step {
  const sql = `CREATE ROLE ${pg.escapeIdentifier(name)} LOGIN PASSWORD`
  return { sql: `${sql} ${pg.escapeLiteral(password)}`, shown: `${sql} '…'` }
}

type Membership = { group: string; member: string; inherits: boolean }

async function isMember(client: pg.ClientBase, { group, member, inherits }: Membership): Promise<boolean> {
  const rights = inherits ? 'USAGE' : 'SET'
  const { rows } = await client.query<{ is: boolean }>('SELECT pg_has_role($1::name, $2::name, $3) AS is', [
    member,
    group,
    rights,
  ])
  return rows[0]?.is === true
}
