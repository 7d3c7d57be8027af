import { expect, test, vi } from 'vitest'
import { Failure } from '#kernel/failure.ts'
import type { ClaimedJob, Outcome } from './claim-store.ts'
import type { Endings } from './ending.ts'
import { defineJob, jobHandler } from './job-kind.ts'
import { silentLog } from './log.ts'
import { createSlots } from './slots.ts'

const kind = defineJob<unknown>({ kind: 'ingest', priority: 1 })
const job: ClaimedJob = {
  id: '0198c0de-0000-7000-8000-000000000001',
  tenantId: '0198c0de-0000-7000-8000-000000000002',
  courseId: null,
  kind: 'ingest',
  payload: null,
  attempt: 1,
  maxAttempts: 5,
  workerId: 1,
}

type Fakes = { slots: number; end?: Endings['end']; run?: () => Promise<unknown> }

/** Slots over claims that the test answers itself. */
function openSlots({ slots, end = async () => true, run = async () => 'готово' }: Fakes) {
  const claims: ((job: ClaimedJob | undefined) => void)[] = []
  const lost = new AbortController()
  const db = {
    asOperator: <T>() => new Promise<T>((resolve) => claims.push((job) => resolve(job as T))),
    forTenant: () => Promise.reject(new Error('No database here.')),
  }
  const endings: Endings = { end, tellFailed: async () => true }
  const lock = { lease: () => ({ workerId: 1, lost: lost.signal }) }
  const handlers = [jobHandler(kind, run)]
  return { claims, lost, slots: createSlots({ db, lock, slots, handlers, endings, log: silentLog }) }
}

test('who comes to a full house is not forgotten by a claim that had already looked', async () => {
  const { slots, claims } = openSlots({ slots: 1 })
  const drained = slots.drain()
  await slots.drain()
  expect(claims).toHaveLength(1)
  claims[0]?.(undefined)
  await vi.waitFor(() => expect(claims).toHaveLength(2))
  claims[1]?.(undefined)
  await drained
  expect(claims).toHaveLength(2)
})

test('one look finds work for every free slot, and no more slots are taken than there are', async () => {
  const gate = Promise.withResolvers<void>()
  const { slots, claims } = openSlots({ slots: 3, run: () => gate.promise })
  void slots.drain({ spread: true })
  for (let claimed = 0; claimed < 3; claimed++) {
    await vi.waitFor(() => expect(claims).toHaveLength(claimed + 1))
    claims[claimed]?.({ ...job, attempt: claimed })
  }
  await vi.waitFor(() => expect(slots.running()).toBe(3))
  await slots.drain()
  expect(claims).toHaveLength(3)
  expect(await slots.idle(1)).toBe(false)
  slots.close()
  gate.resolve()
  expect(await slots.idle(10_000)).toBe(true)
})

test('an end that meets an outage is written once the outage is over', async () => {
  const outcomes: Outcome[] = []
  const end = async (_job: ClaimedJob, outcome: Outcome) => {
    outcomes.push(outcome)
    if (outcomes.length === 1) throw new Failure('unavailable', 'service.unavailable', 'Not now.')
    return true
  }
  const { slots, claims } = openSlots({ slots: 1, end })
  void slots.drain()
  claims[0]?.(job)
  await vi.waitFor(() => expect(claims).toHaveLength(2), 5_000)
  expect(outcomes).toEqual([
    { status: 'done', result: 'готово' },
    { status: 'done', result: 'готово' },
  ])
  expect(slots.runningJobs(1)).toBeUndefined()
  claims[1]?.(undefined)
  await vi.waitFor(() => expect(slots.runningJobs(1)).toEqual([]))
})

test('a job that is claimed while the worker is told to stop is given back unstarted', async () => {
  const outcomes: Outcome[] = []
  const end = async (_job: ClaimedJob, outcome: Outcome) => outcomes.push(outcome) > 0
  const run = vi.fn(async () => 'готово')
  const { slots, claims } = openSlots({ slots: 1, end, run })
  void slots.drain()
  slots.close()
  claims[0]?.(job)
  expect(await slots.idle(10_000)).toBe(true)
  expect(outcomes).toEqual([{ status: 'queued', afterSeconds: 0, why: null }])
  expect(run).not.toHaveBeenCalled()
})
