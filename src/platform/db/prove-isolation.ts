import pg from 'pg'

/**
 * Proves that row-level security binds the application's role, and throws an Error naming every reason why it does not.
 * A superuser, a BYPASSRLS role or a table's owner would pass every policy in silence.
 */
export async function proveIsolation(pool: pg.Pool): Promise<void> {
  const reasons = [...(await roleReasons(pool)), ...(await tableReasons(pool)), ...(await visibleRows(pool))]
  if (reasons.length > 0) throw new Error(`Tenants are not isolated, refusing to start: ${reasons.join('; ')}.`)
}

async function roleReasons(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{
    rolname: string
    rolsuper: boolean
    rolbypassrls: boolean
    inherits: boolean
    owns: string | null
  }>(`
    SELECT r.rolname, r.rolsuper, r.rolbypassrls,
      r.rolname = current_user AND pg_has_role(r.oid, 'course_supporter_operator', 'USAGE') AS inherits,
      (SELECT string_agg(c.relname, ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owns
    FROM pg_roles r
    WHERE r.rolname IN (current_user, 'course_supporter_tenant', 'course_supporter_operator')`)
  return rows.flatMap(({ rolname, rolsuper, rolbypassrls, inherits, owns }) => [
    ...(rolsuper ? [`role ${rolname} is a superuser`] : []),
    ...(rolbypassrls ? [`role ${rolname} has BYPASSRLS`] : []),
    ...(inherits ? [`role ${rolname} inherits the operator role`] : []),
    ...(owns !== null ? [`role ${rolname} owns or may become the owner of ${owns}`] : []),
  ])
}

async function tableReasons(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ relname: string }>(`
    SELECT c.relname FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND (c.relname = 'tenants' OR a.attname IS NOT NULL)
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND coalesce(a.attnotnull, true))
    ORDER BY c.relname`)
  return rows.map(({ relname }) => `table ${relname} has no forced row-level security or lets tenant_id be null`)
}

// The policies themselves: with no tenant set there is nothing to see, whether in a table or through a view of one.
async function visibleRows(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ relname: string }>(`
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege(c.oid, 'SELECT')
      AND (c.relname = 'tenants' OR EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))`)
  const names = rows.map(({ relname }) => relname)
  const looks = names.map((name) => `EXISTS (SELECT FROM public.${pg.escapeIdentifier(name)})`)
  const { rows: seen } = await pool.query<{ seen: boolean[] }>(`SELECT ARRAY[${looks.join(', ')}]::boolean[] AS seen`)
  return names
    .filter((_name, index) => seen[0]?.seen[index])
    .map((name) => `rows of ${name} are visible with no tenant set`)
}
