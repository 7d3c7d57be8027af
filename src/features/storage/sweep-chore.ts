import { Failure } from '#kernel/failure.ts'
import type { Log } from '#platform/log/index.ts'
import { ForeignStorage } from './installation.ts'
import { type SweepReport, sweep, sweepRuns } from './sweep.ts'
import { isSweepDue, lastSwept } from './sweep-store.ts'

type Deps = Parameters<typeof sweep>[0] & {
  log: Pick<Log, 'info' | 'warn' | 'error'>
  /** Is told whether the last pass refused to remove anything until an operator has looked. */
  tellRefusal?: (refuses: boolean) => void
}

const HOUR_SECONDS = 3_600

/**
 * The sweeper of a worker, to be called every few minutes: sweeps at its first call, and then whenever no process of the installation
 * has done so for an hour. What needs an operator is logged as an error, once a pass.
 */
export function createSweepChore(deps: Deps): (signal: AbortSignal) => Promise<void> {
  const { db, log, tellRefusal = () => undefined } = deps
  let isFirst = true
  // When this process's own refused pass ended: a later pass, such as an operator's, knows better.
  let refusedAt: number | undefined
  return async (signal) => {
    if (refusedAt !== undefined && (await lastSwept(db)) !== refusedAt) refuse(undefined)
    if (!isFirst && !(await isSweepDue(db, HOUR_SECONDS))) return
    try {
      const report = await sweep(deps, { signal })
      tell(log, report)
      refuse(report.alarm && (await lastSwept(db)))
      isFirst = false
    } catch (error) {
      if (signal.aborted || isBusy(error)) return
      if (!(error instanceof ForeignStorage)) throw error
      log.error({ err: error }, 'the object storage is not swept: it is not ours')
      refuse(await lastSwept(db))
    }
  }

  function refuse(at: number | undefined) {
    refusedAt = at
    tellRefusal(at !== undefined)
  }
}

function tell(log: Deps['log'], { alarm, error, ...counts }: SweepReport) {
  if (alarm) {
    const { message, ...rest } = alarm
    const next = 'nothing was removed; look, then run course-supporter storage sweep --confirm'
    log.error({ ...counts, ...rest }, `the object storage is not swept: ${message}: ${next}`)
  } else if (counts.failed > 0)
    log.warn({ ...counts, err: error }, 'some objects that nothing owns could not be removed')
  else if (counts.removed + counts.aborted > 0) log.info(counts, 'objects that nothing owned were removed')
}

const isBusy = (error: unknown) => error instanceof Failure && error.code === sweepRuns().code
