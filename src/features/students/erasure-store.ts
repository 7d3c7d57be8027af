import { type RawBuilder, sql } from 'kysely'
import type { OperatorTx, TenantTx } from '#platform/db/database.ts'

/** Whose rows; only those made until then, where that is said. */
export type Whom = { studentId: string; until: Date | null }

const before = (until: Date | null) => sql`created_at <= coalesce(${until}::timestamptz, 'infinity')`

/** Their submissions, which nobody else changes until the transaction ends. */
export async function lockSubmissions(tx: TenantTx, { studentId, until }: Whom) {
  const { rows } = await sql<{ id: string; hasFile: boolean }>`
    SELECT id, object_key IS NOT NULL AS "hasFile" FROM submissions
    WHERE student_id = ${studentId} AND ${before(until)} ORDER BY id FOR UPDATE`.execute(tx)
  return rows
}

/** Those of them that wait for their check or are being checked. */
export async function pendingSubmissions(tx: TenantTx, { studentId, until }: Whom): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM submissions WHERE student_id = ${studentId} AND ${before(until)} AND finished_at IS NULL`.execute(tx)
  return rows.map(({ id }) => id)
}

/** How much goes with the submissions by cascade. */
export async function countBelongings(tx: TenantTx, ids: readonly string[]) {
  const of = (table: 'gradings' | 'llm_answers') => sql`(
    SELECT count(*)::int FROM submissions s
    JOIN ${sql.table(table)} b ON (b.tenant_id, b.course_id, b.submission_id) = (s.tenant_id, s.course_id, s.id)
    WHERE s.id = ANY (${ids}::uuid[]))`
  const { rows } = await sql<{ gradings: number; answers: number }>`
    SELECT ${of('gradings')} AS gradings, ${of('llm_answers')} AS answers`.execute(tx)
  return rows[0] ?? { gradings: 0, answers: 0 }
}

/** Files go on the list of discarded objects, by a trigger. */
export const deleteSubmissions = (tx: TenantTx, ids: readonly string[]) =>
  count(tx, sql`DELETE FROM submissions WHERE id = ANY (${ids}::uuid[])`)

/** Counts of attempts of which no submission is left. */
export async function deleteIdleCounters(tx: TenantTx, studentId: string): Promise<number> {
  // Whoever takes a number at this moment is waited for here, so that the next statement sees what was handed in with it.
  await sql`SELECT FROM attempt_counters WHERE student_id = ${studentId} ORDER BY exercise_id FOR UPDATE`.execute(tx)
  return count(
    tx,
    sql`DELETE FROM attempt_counters c WHERE student_id = ${studentId} AND NOT EXISTS (
      SELECT FROM submissions s
      WHERE (s.tenant_id, s.exercise_id, s.student_id) = (c.tenant_id, c.exercise_id, c.student_id))`,
  )
}

export const deleteDeliveries = (tx: TenantTx, { studentId, until }: Whom) =>
  count(tx, sql`DELETE FROM webhook_deliveries WHERE student_id = ${studentId} AND ${before(until)}`)

/** Responses kept for repeated requests that speak of the student or of these submissions. */
export const deleteResponses = (tx: TenantTx, { studentId, until }: Whom, ids: readonly string[]) =>
  count(
    tx,
    sql`DELETE FROM idempotency_keys WHERE ${before(until)} AND (
      reply_body ->> 'student_id' = ${studentId} OR reply_body ->> 'id' = ANY (${ids})
      OR reply_body ->> 'submission_id' = ANY (${ids}) OR reply_location = ANY (${ids.map((id) => `/api/v1/submissions/${id}`)}))`,
  )

async function count(tx: TenantTx, statement: RawBuilder<unknown>): Promise<number> {
  const { numAffectedRows = 0n } = await statement.execute(tx)
  return Number(numAffectedRows)
}

export type Erasure = { tenantId: string; studentHash: string; erasedAt: Date }

/** Writes down that somebody was erased, at the end of this moment's millisecond, as that is how exactly the other list knows it. */
export async function insertErasure(
  tx: TenantTx,
  { tenantId, studentHash, removed }: Omit<Erasure, 'erasedAt'> & { removed: object },
): Promise<void> {
  await sql`INSERT INTO erasures (tenant_id, student_hash, erased_at, removed)
    VALUES (${tenantId}::uuid, ${studentHash}, date_trunc('milliseconds', clock_timestamp()) + interval '1 ms',
      ${JSON.stringify(removed)}::jsonb)`.execute(tx)
}

/** Takes over what the object store's list knows and this database does not. */
export async function adoptErasures(tx: OperatorTx, erasures: readonly Erasure[]): Promise<void> {
  const rows = erasures.map(({ tenantId, studentHash, erasedAt }) => ({
    ...{ tenant_id: tenantId, student_hash: studentHash, erased_at: erasedAt, removed: {} },
    copied_at: new Date(),
  }))
  await sql`INSERT INTO erasures (tenant_id, student_hash, erased_at, removed, copied_at)
    SELECT tenant_id, student_hash, erased_at, removed, copied_at
    FROM jsonb_populate_recordset(NULL::erasures, ${JSON.stringify(rows)}::jsonb) AS e
    WHERE EXISTS (SELECT FROM tenants WHERE id = e.tenant_id) ON CONFLICT DO NOTHING`.execute(tx)
}

type Place = Pick<Erasure, 'tenantId' | 'studentHash'>

/** The latest of every person of whom some is not in the object store yet; of one person, or of so many. */
export async function erasuresToCopy(tx: OperatorTx, { limit, only }: { limit: number; only?: Place | undefined }) {
  const { rows } = await sql<Erasure>`
    SELECT tenant_id AS "tenantId", student_hash AS "studentHash", max(erased_at) AS "erasedAt" FROM erasures
    WHERE (tenant_id, student_hash) IN (SELECT tenant_id, student_hash FROM erasures WHERE copied_at IS NULL
      AND (${only?.tenantId ?? null}::uuid IS NULL OR (tenant_id, student_hash) = (${only?.tenantId ?? null}::uuid, ${only?.studentHash ?? null}::text))
      ORDER BY erased_at LIMIT ${limit})
    GROUP BY 1, 2`.execute(tx)
  return rows
}

/** Notes what the object store has now. A later one, which this copy may just have overwritten, is to be copied again. */
export async function noteCopied(tx: OperatorTx, { tenantId, studentHash, erasedAt }: Erasure): Promise<void> {
  await sql`UPDATE erasures SET copied_at = CASE WHEN erased_at <= ${erasedAt} THEN now() END
    WHERE tenant_id = ${tenantId}::uuid AND student_hash = ${studentHash}`.execute(tx)
}

/** Has them written to the object store again. */
export async function forgetCopies(tx: OperatorTx, places: readonly Place[]): Promise<void> {
  await sql`UPDATE erasures e SET copied_at = NULL
    FROM unnest(${places.map(({ tenantId }) => tenantId)}::uuid[], ${places.map(({ studentHash }) => studentHash)}::text[]) AS p (tenant_id, student_hash)
    WHERE (e.tenant_id, e.student_hash) = (p.tenant_id, p.student_hash)`.execute(tx)
}

/** The latest of every person, in order, after that place. */
export async function listErasures(tx: OperatorTx, after: Place, limit: number): Promise<Erasure[]> {
  const { rows } = await sql<Erasure>`
    SELECT tenant_id AS "tenantId", student_hash AS "studentHash", max(erased_at) AS "erasedAt" FROM erasures
    WHERE (tenant_id, student_hash) > (${after.tenantId}::uuid, ${after.studentHash})
    GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ${limit}`.execute(tx)
  return rows
}

/** Everybody of whom the tenant has anything, in the order of their ids' bytes; those after `after`. */
export async function studentIds(tx: TenantTx, after: string, limit: number): Promise<string[]> {
  const from = (table: 'submissions' | 'attempt_counters' | 'webhook_deliveries') =>
    sql`SELECT student_id FROM ${sql.table(table)} WHERE student_id COLLATE "C" > ${after}`
  const { rows } = await sql<{ id: string }>`
    SELECT student_id COLLATE "C" AS id
    FROM (${from('submissions')} UNION ${from('attempt_counters')} UNION ${from('webhook_deliveries')}) AS s
    ORDER BY id LIMIT ${limit}`.execute(tx)
  return rows.map(({ id }) => id)
}

export async function tenantExists(tx: OperatorTx, id: string): Promise<boolean> {
  return (await tx.selectFrom('tenants').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}
