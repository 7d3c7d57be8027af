import type { Database } from '#platform/db/database.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { Queue } from '#platform/queue/index.ts'
import { eraseStudent, isNothing, type Removed } from './erase.ts'
import { createErasureLog } from './erasure-log.ts'
import * as store from './erasure-store.ts'
import { createStudentHashes } from './student-hash.ts'

type Deps = {
  db: Pick<Database, 'forTenant' | 'asOperator'>
  objects: Pick<ObjectStore, 'put' | 'get' | 'list'>
  queue: Pick<Queue, 'findActive' | 'cancel'>
  /** The installation's own. */
  secret: Uint8Array
}

export type ReplayReport = Removed & {
  /** People on the lists. */
  erasures: number
  /** Those of them of whom something had come back. */
  students: number
  /** Entries of tenants that this database does not know. */
  unknown: number
}

const BATCH = 1_000
const FIRST = { tenantId: '00000000-0000-0000-0000-000000000000', studentHash: '' }

/**
 * Erases again whoever was erased after the backup that this database was restored from, as both lists tell. What a person has handed in
 * since then stays. Safe to repeat; afterwards both lists say the same.
 */
export async function replayErasures({ db, objects, queue, secret }: Deps): Promise<ReplayReport> {
  const hashes = createStudentHashes(secret)
  const log = createErasureLog({ db, objects })
  const wanted = await readLists()
  const report = { ...NOTHING, erasures: 0, students: 0, unknown: 0 }
  for (const [tenantId, moments] of wanted) {
    report.erasures += moments.size
    if (await db.asOperator('find tenant', (tx) => store.tenantExists(tx, tenantId))) await replay(tenantId, moments)
    else report.unknown += moments.size
  }
  await log.copy()
  return report

  /** By tenant and hash, when that person was erased last. */
  async function readLists() {
    const wanted = new Map<string, Map<string, Date>>()
    const stored: store.Erasure[] = []
    for await (const erasure of log.list()) {
      note(wanted, erasure)
      stored.push(erasure)
    }
    for (let after: Omit<store.Erasure, 'erasedAt'> = FIRST; ; ) {
      const batch = await db.asOperator('list erasures', (tx) => store.listErasures(tx, after, BATCH))
      const missing = batch.filter(({ tenantId, studentHash }) => !wanted.get(tenantId)?.has(studentHash))
      await db.asOperator('copy erasures again', (tx) => store.forgetCopies(tx, missing))
      for (const erasure of batch) note(wanted, erasure)
      const last = batch.at(-1)
      if (last === undefined || batch.length < BATCH) break
      after = last
    }
    for (let start = 0; start < stored.length; start += BATCH)
      await db.asOperator('adopt erasures', (tx) => store.adoptErasures(tx, stored.slice(start, start + BATCH)))
    return wanted
  }

  async function replay(tenantId: string, moments: ReadonlyMap<string, Date>) {
    for (let after = ''; ; ) {
      const students = await db.forTenant(tenantId, (tx) => store.studentIds(tx, after, BATCH))
      for (const studentId of students) {
        const until = latest(hashes.all(tenantId, studentId).flatMap((hash) => moments.get(hash) ?? []))
        if (until === undefined) continue
        const removed = await db.forTenant(tenantId, (tx) => eraseStudent(tx, queue, { tenantId, studentId, until }))
        if (!isNothing(removed)) report.students += 1
        for (const what of KINDS) report[what] += removed[what]
      }
      const last = students.at(-1)
      if (last === undefined || students.length < BATCH) return
      after = last
    }
  }
}

const latest = (moments: readonly Date[]) => moments.toSorted((a, b) => b.getTime() - a.getTime())[0]

const KINDS = ['submissions', 'gradings', 'files', 'answers', 'responses', 'deliveries', 'counters'] as const

const NOTHING: Removed = {
  submissions: 0,
  gradings: 0,
  files: 0,
  answers: 0,
  responses: 0,
  deliveries: 0,
  counters: 0,
}

function note(wanted: Map<string, Map<string, Date>>, { tenantId, studentHash, erasedAt }: store.Erasure) {
  const ofTenant = wanted.get(tenantId) ?? new Map<string, Date>()
  const known = ofTenant.get(studentHash)
  if (known === undefined || known < erasedAt) ofTenant.set(studentHash, erasedAt)
  wanted.set(tenantId, ofTenant)
}
