import type pg from 'pg'

/**
 * Proves that row-level security binds the application's role, and throws an Error naming every reason why it does not.
 * A superuser, a BYPASSRLS role or a table's owner would pass every policy in silence.
 */
export async function proveIsolation(pool: pg.Pool): Promise<void> {
  const reasons = [...(await roleReasons(pool)), ...(await tableReasons(pool)), ...(await rowReasons(pool))]
  if (reasons.length > 0) throw new Error(`Tenants are not isolated, refusing to start: ${reasons.join('; ')}.`)
}

async function roleReasons(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{
    rolname: string
    rolsuper: boolean
    rolbypassrls: boolean
    owns: string | null
  }>(`
    SELECT r.rolname, r.rolsuper, r.rolbypassrls,
      (SELECT string_agg(c.relname, ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owns
    FROM pg_roles r
    WHERE r.rolname IN (current_user, 'course_supporter_tenant', 'course_supporter_operator')`)
  return rows.flatMap(({ rolname, rolsuper, rolbypassrls, owns }) => [
    ...(rolsuper ? [`role ${rolname} is a superuser`] : []),
    ...(rolbypassrls ? [`role ${rolname} has BYPASSRLS`] : []),
    ...(owns !== null ? [`role ${rolname} owns or may become the owner of ${owns}`] : []),
  ])
}

async function tableReasons(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ relname: string }>(`
    SELECT DISTINCT c.relname FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND a.attnotnull)`)
  return rows.map(({ relname }) => `table ${relname} has no forced row-level security or lets tenant_id be null`)
}

async function rowReasons(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ inherits: boolean; tenants: string }>(`
    SELECT pg_has_role(current_user, 'course_supporter_operator', 'USAGE') AS inherits, (SELECT count(*) FROM tenants) AS tenants`)
  return rows.flatMap(({ inherits, tenants }) => [
    ...(inherits ? ['the application role inherits the operator role'] : []),
    ...(tenants !== '0' ? ['tenants are visible with no tenant set'] : []),
  ])
}
