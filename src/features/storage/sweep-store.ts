import { sql } from 'kysely'
import type { Database, OperatorTx } from '#platform/db/database.ts'

/** What a pass begins from. */
export type SweepState = {
  /** Which copy of the database this is, and which one it remembers to be; null before its first pass. */
  mark: string
  knownMark: string | null
  generation: number
  createdAt: Date
}

/** Seconds for which a sweeper may be silent before another may begin. */
const CLAIM_SECONDS = 150

/** Makes `sweepId` the only sweeper of all machines; undefined while another one is. */
export async function claimSweep(tx: OperatorTx, sweepId: string): Promise<SweepState | undefined> {
  const row = await tx
    .updateTable('installation')
    .set({ sweep_id: sweepId, sweep_until: claimEnd() })
    .where((eb) => eb.or([eb('sweep_until', 'is', null), eb('sweep_until', '<', sql<Date>`clock_timestamp()`)]))
    .returning([
      'database_mark as knownMark',
      'storage_generation as generation',
      'created_at as createdAt',
      databaseMark().as('mark'),
    ])
    .executeTakeFirst()
  return row && { ...row, generation: Number(row.generation) }
}

/** False when somebody else sweeps by now. */
export async function renewSweep(tx: OperatorTx, sweepId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('installation')
    .set({ sweep_until: claimEnd() })
    .where('sweep_id', '=', sweepId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Lets others sweep; after a pass that came to its end, in an hour. */
export async function endSweep(tx: OperatorTx, sweepId: string, { complete }: { complete: boolean }): Promise<void> {
  await tx
    .updateTable('installation')
    .set({ sweep_id: null, sweep_until: null, ...(complete ? { swept_at: sql<Date>`clock_timestamp()` } : {}) })
    .where('sweep_id', '=', sweepId)
    .execute()
}

/** Notes that this is the right database, and how many passes it has seen. */
export async function acceptDatabase(tx: OperatorTx, { mark, generation }: Pick<SweepState, 'mark' | 'generation'>) {
  await tx.updateTable('installation').set({ database_mark: mark, storage_generation: generation }).execute()
}

/** False when this database is a copy or a restored backup of the one that was accepted last. */
export async function isAcceptedDatabase(tx: OperatorTx): Promise<boolean> {
  const known = tx.selectFrom('installation').select(['database_mark as knownMark', databaseMark().as('mark')])
  const { knownMark, mark } = await known.executeTakeFirstOrThrow()
  return knownMark === null || knownMark === mark
}

/** Whether no pass came to its end within so many seconds. */
export async function isSweepDue(db: Pick<Database, 'statement'>, everySeconds: number): Promise<boolean> {
  const [row] = await db.statement<{ due: boolean }>(
    'sweep-due',
    `SELECT coalesce(swept_at < now() - make_interval(secs => $1), true) AS due FROM installation`,
    [everySeconds],
  )
  return row?.due === true
}

/** When the last pass came to its end, in milliseconds since 1970; 0 before the first. */
export async function lastSwept(db: Pick<Database, 'statement'>): Promise<number> {
  const [row] = await db.statement<{ at: number }>(
    'last-swept',
    `SELECT coalesce(extract(epoch FROM swept_at) * 1000, 0)::float8 AS at FROM installation`,
    [],
  )
  return row?.at ?? 0
}

/** Those of the keys of objects that nothing in the database speaks of. What is kept beside an upload, as `<key>.tail-<offset>`, is its. */
export async function unownedObjects(tx: OperatorTx, keys: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    SELECT k.key FROM unnest(${keys}::text[]) AS k (key), regexp_replace(k.key, '[.]tail-[0-9]+$', '') AS whole
    WHERE NOT EXISTS (SELECT FROM materials WHERE object_key = k.key)
      AND NOT EXISTS (SELECT FROM submissions WHERE object_key = k.key)
      AND NOT EXISTS (SELECT FROM uploads WHERE object_key = whole)
      AND NOT EXISTS (SELECT FROM discarded_objects WHERE object_key = whole)`.execute(tx)
  return rows.map(({ key }) => key)
}

/** Those of the keys of unfinished objects that no upload is at work on and nobody is about to end. */
export async function unownedUploads(tx: OperatorTx, keys: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    SELECT k.key FROM unnest(${keys}::text[]) AS k (key)
    WHERE NOT EXISTS (SELECT FROM uploads WHERE object_key = k.key)
      AND NOT EXISTS (SELECT FROM discarded_objects WHERE object_key = k.key)`.execute(tx)
  return rows.map(({ key }) => key)
}

const claimEnd = () => sql<Date>`clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS})`

// Each part is new after one way of bringing a backup back: another server, a recovery to a point in time or a failover (a new timeline),
// another database, tables made anew. https://www.postgresql.org/docs/17/functions-info.html#FUNCTIONS-INFO-CONTROLDATA
const databaseMark = () => sql<string>`concat_ws('/',
  (SELECT system_identifier FROM pg_control_system()),
  (SELECT timeline_id FROM pg_control_checkpoint()),
  (SELECT oid FROM pg_database WHERE datname = current_database()),
  'public.installation'::regclass::oid)`
