import { Failure } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import { newId } from '#platform/ids/index.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import { dropExpiredUploads } from './expire.ts'
import { createMarkers, type Marker } from './installation.ts'
import * as store from './sweep-store.ts'
import { type Candidate, type Survey, survey } from './sweep-survey.ts'

/** Why a pass has removed nothing, and what it would have removed. */
export type Alarm = { reason: 'restored' | 'set_back' | 'younger' | 'too_many'; message: string; examples: string[] }

/** Counts are of what is under keys of our own making; `others` counts what is not, which is never touched. */
export type SweepReport = Omit<Survey, 'candidates' | 'oldest'> & {
  /** Objects removed, and unfinished ones ended. */
  removed: number
  aborted: number
  /** What could not be removed, and the last reason. */
  failed: number
  error: unknown
  alarm: Alarm | undefined
}

export type SweepOrder = {
  /** Milliseconds; what is younger is left alone. */
  graceMs?: number
  /** Whether somebody has looked: this database is the right one, and all that it does not own may go. */
  confirm?: boolean
  /** How many of those that are to go are kept in memory; what goes beyond waits for the next round. */
  round?: number
  signal?: AbortSignal
}

type Deps = { db: Pick<Database, 'statement' | 'asOperator'>; objects: ObjectStore }

export const DAY_MS = 24 * 3_600_000

/** What one pass may remove unasked: so many, or this share of the objects. */
const FEW = 100
const SHARE = 0.01

const ROUND = 10_000
const MAX_FAILED = 10
const RENEW_MS = 30_000
const EXAMPLES = 5

export const sweepRuns = () => new Failure('conflict', 'storage.sweep_runs', 'Another process sweeps at this moment.')

/**
 * One pass over the storage: removes objects and ends unfinished ones that no row owns. Each removal stands alone, so a pass may end
 * anywhere. Throws `storage.sweep_runs` while another process sweeps, `ForeignStorage`, the signal's reason, or what the storage or
 * the database has thrown.
 */
export async function sweep({ db, objects }: Deps, order: SweepOrder = {}): Promise<SweepReport> {
  const { graceMs = DAY_MS, confirm = false, round = ROUND, signal } = order
  const sweepId = newId()
  const markers = createMarkers({ db, objects })
  const state = await db.asOperator('claim the sweep', (tx) => store.claimSweep(tx, sweepId))
  if (state === undefined) throw sweepRuns()
  // A listing may be long and a store slow.
  const renewing = setInterval(() => void renew().catch(() => undefined), RENEW_MS)
  let complete = false
  try {
    const marker = await markers.claim()
    const doubt = confirm ? undefined : doubtOf(state, marker)
    if (doubt === undefined) {
      await accept(state, marker)
      await dropExpiredUploads(db, signal ? { signal } : {})
    }
    const report = await pass(state, doubt)
    complete = true
    return report
  } finally {
    clearInterval(renewing)
    await db.asOperator('end the sweep', (tx) => store.endSweep(tx, sweepId, { complete })).catch(() => undefined)
  }

  function renew() {
    return db.asOperator('go on sweeping', (tx) => store.renewSweep(tx, sweepId))
  }

  /** The database counts first: a bucket that has counted further has seen a later database than this. */
  async function accept({ mark, generation: known }: store.SweepState, marker: Marker) {
    const generation = Math.max(known, marker.generation ?? 0) + 1
    await db.asOperator('count a sweep', (tx) => store.acceptDatabase(tx, { mark, generation }))
    await markers.write(generation)
  }

  async function pass(state: store.SweepState, doubt: Doubt | undefined): Promise<SweepReport> {
    const before = new Date(Date.now() - graceMs)
    const look = () => survey({ objects, unowned: unownedKeys }, { before, limit: round, signal })
    let seen = await look()
    const report = { ...counts(seen), removed: 0, aborted: 0, failed: 0, error: undefined, alarm: undefined }
    const wrong = doubt ?? (confirm ? undefined : doubtAbout(seen, state))
    if (wrong !== undefined) return { ...report, alarm: { ...wrong, examples: examplesOf(seen) } }
    for (;;) {
      const gone = report.removed + report.aborted
      for (const candidate of seen.candidates) {
        signal?.throwIfAborted()
        await remove(candidate, report)
        if (report.failed >= MAX_FAILED) return report
      }
      const isStuck = report.removed + report.aborted === gone
      if (!confirm || isStuck || seen.unowned <= seen.candidates.length) return report
      seen = await look()
    }
  }

  async function unownedKeys(kind: Candidate['kind'], keys: string[]): Promise<string[]> {
    return db.asOperator('ask who owns objects', async (tx) => {
      if (!(await store.renewSweep(tx, sweepId))) throw sweepRuns()
      return kind === 'object' ? store.unownedObjects(tx, keys) : store.unownedUploads(tx, keys)
    })
  }

  async function remove({ kind, key }: Candidate, report: Counted) {
    // Much may have happened since the survey.
    if ((await unownedKeys(kind, [key])).length === 0) return
    try {
      if (kind === 'object') await objects.delete(key)
      else await objects.partial.abort(key)
      report[kind === 'object' ? 'removed' : 'aborted'] += 1
    } catch (error) {
      report.failed += 1
      report.error = error
    }
  }
}

type Counted = { removed: number; aborted: number; failed: number; error: unknown }
type Doubt = Omit<Alarm, 'examples'>

/** Whether this database may be an older one than that which owned the objects. */
function doubtOf({ mark, knownMark, generation }: store.SweepState, marker: Marker): Doubt | undefined {
  if (knownMark !== null && knownMark !== mark) {
    return { reason: 'restored', message: `this database is a copy or a restored backup (${knownMark} became ${mark})` }
  }
  if (marker.generation === undefined) {
    return { reason: 'set_back', message: "the storage's own count of passes cannot be read" }
  }
  if (marker.generation > generation) {
    const passes = `the storage has seen pass ${marker.generation}, this database only ${generation}`
    return { reason: 'set_back', message: `the database was set back: ${passes}` }
  }
  return undefined
}

function doubtAbout({ objects, unowned, oldest }: Survey, { createdAt }: store.SweepState): Doubt | undefined {
  if (oldest !== undefined && oldest < createdAt) {
    const [was, made] = [oldest, createdAt].map((time) => time.toISOString())
    return {
      reason: 'younger',
      message: `the database is younger than the objects: made ${made}, the oldest of them ${was}`,
    }
  }
  const most = Math.max(FEW, Math.floor(objects * SHARE))
  if (unowned <= most) return undefined
  return { reason: 'too_many', message: `one pass may remove ${most} of ${objects} objects unasked, not ${unowned}` }
}

const counts = ({ candidates: _, oldest: __, ...rest }: Survey) => rest

const examplesOf = ({ candidates }: Survey) => candidates.slice(0, EXAMPLES).map(({ key }) => key)
