import { newId } from '#platform/ids/index.ts'
import { queryAsSuperuser, type TestDatabase } from './database.ts'

/** Writes rows of the ledger, which only the accounting itself may do otherwise. What is left out is that of a small, good call. */
export async function recordCalls(database: TestDatabase, calls: ({ tenant_id: string } & Record<string, unknown>)[]) {
  const rows = calls.map(({ tokens_in = 100, succeeded = true, ...fields }) => ({
    ...{ id: newId(), action: 'course_structuring', provider: 'gemini', model: 'flash', strategy: 'default' },
    ...{ attempt: 1, succeeded, outcome: succeeded ? 'answered' : 'server_error', usage_source: 'reported' },
    ...{ tokens_in, tokens_fresh: tokens_in, tokens_cache_read: 0, tokens_cache_write: 0 },
    ...{ tokens_out: 10, tokens_reasoning: 0, cost_nano_usd: '1', latency_ms: 50, created_at: new Date() },
    ...fields,
  }))
  await queryAsSuperuser(
    database,
    'INSERT INTO llm_calls SELECT * FROM jsonb_populate_recordset(NULL::llm_calls, $1::jsonb)',
    [JSON.stringify(rows)],
  )
}

/** Sets money aside for a call that will not end. */
export async function recordReservation(
  database: TestDatabase,
  { tenant_id, nano_usd = '1', ...fields }: { tenant_id: string; nano_usd?: string } & Record<string, unknown>,
) {
  const row = { id: newId(), tenant_id, nano_usd, month: new Date().toISOString().slice(0, 7).concat('-01'), call: {} }
  const expires_at = new Date(Date.now() + 3_600_000)
  await queryAsSuperuser(
    database,
    'INSERT INTO llm_reservations SELECT * FROM jsonb_populate_record(NULL::llm_reservations, $1::jsonb)',
    [JSON.stringify({ ...row, created_at: new Date(), expires_at, ...fields })],
  )
}

/** Keeps criteria that a model made of an exercise's text. */
export async function recordSplit(
  database: TestDatabase,
  { tenant_id, course_id, exercise_id }: Record<string, unknown>,
) {
  await queryAsSuperuser(
    database,
    `INSERT INTO split_criteria (tenant_id, course_id, exercise_id, source, criteria)
     VALUES ($1, $2, $3, repeat('0', 64), '[]')`,
    [tenant_id, course_id, exercise_id],
  )
}

/** Keeps an answer that was paid for. */
export async function recordAnswer(database: TestDatabase, { tenant_id, course_id }: Record<string, unknown>) {
  await queryAsSuperuser(
    database,
    `INSERT INTO llm_answers (tenant_id, course_id, fingerprint, step, answer, provider, model, prompt_version)
     VALUES ($1, $2, repeat('0', 64), 'read', '{}', 'gemini', 'flash', 'read@1')`,
    [tenant_id, course_id],
  )
}
