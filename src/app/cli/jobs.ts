import type { Command } from 'commander'
import type { Job, QueueStatus } from '#platform/queue/index.ts'
import { shortText, uuid } from './options.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

const LISTED = 100

export function jobCommands(program: Command, { out, withServices, withTenants }: Terminal) {
  program
    .command('status')
    .description('how the background work is doing')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { queueStatus } = await import('#platform/queue/index.ts')
      const { counts, liveWorkers, ...waiting } = await withServices(({ db }) =>
        db.asOperator('queue status', queueStatus),
      )
      if (json)
        return out(
          JSON.stringify({
            workers: liveWorkers,
            oldest_queued_seconds: waiting.oldestQueuedSeconds,
            later: waiting.later,
            next_seconds: waiting.nextSeconds,
            jobs: counts,
          }),
        )
      const rows = counts.map(({ kind, status, count }) => [kind, status, count])
      out(`${liveWorkers} worker${liveWorkers === 1 ? '' : 's'}; ${waitingText(waiting)}.`)
      out(table(['KIND', 'STATUS', 'JOBS'], rows, 'There is no job.'))
    })

  const jobs = program.command('jobs').description('background work')

  jobs
    .command('list')
    .description(`list the newest ${LISTED} jobs`)
    .option('--failed', 'only those that ended in an error')
    .option('--tenant <name>', 'of one tenant', shortText)
    .option('--json', 'print JSON')
    .action(async ({ failed = false, tenant, json }: { failed?: boolean; tenant?: string; json?: boolean }) => {
      const { listJobs } = await import('#platform/queue/index.ts')
      const { jobs, names } = await withTenants(async (tenants, { db }) => {
        const known = tenant === undefined ? await tenants.list() : [await tenants.require(tenant)]
        const of = tenant === undefined ? {} : { tenantId: known[0]?.id ?? '' }
        const jobs = await db.asOperator('list jobs', (tx) => listJobs(tx, { failed, limit: LISTED, ...of }))
        return { jobs, names: new Map(known.map(({ id, name }) => [id, name])) }
      })
      if (json) return out(JSON.stringify(jobs.map(shown)))
      const head = ['ID', 'TENANT', 'KIND', 'STATUS', 'TRIES', 'CREATED UTC', 'ERROR']
      const rows = jobs.map(({ id, tenantId, kind, status, attempts, createdAt, error, lastError }) => [
        id,
        names.get(tenantId),
        kind,
        status,
        attempts,
        createdAt,
        (error ?? lastError)?.code,
      ])
      out(table(head, rows, failed ? 'No job has failed.' : 'There is no job.'))
    })

  jobs
    .command('retry')
    .description('let a failed or cancelled job start afresh')
    .requiredOption('--id <id>', 'the job', uuid)
    .option('--json', 'print JSON')
    .action(async ({ id, json }: { id: string; json?: boolean }) => {
      await withServices(({ db, queue }) => db.asOperator('retry job', (tx) => queue.retry(tx, id)))
      out(json ? JSON.stringify({ id, status: 'queued' }) : `Job ${id} waits for its turn.`)
    })

  jobs
    .command('cancel')
    .description('cancel a waiting job, or ask a running one to stop')
    .requiredOption('--id <id>', 'the job', uuid)
    .option('--json', 'print JSON')
    .action(async ({ id, json }: { id: string; json?: boolean }) => {
      const { status } = await withServices(({ db, queue }) =>
        db.asOperator('cancel job', (tx) => queue.cancel(tx, id)),
      )
      const text = status === 'cancelled' ? `Job ${id} is cancelled.` : `Job ${id} runs and was asked to stop.`
      out(json ? JSON.stringify({ id, status }) : text)
    })
}

function waitingText({ oldestQueuedSeconds: waited, later, nextSeconds }: Omit<QueueStatus, 'counts' | 'liveWorkers'>) {
  if (waited === null && later === 0) return 'nothing waits'
  return [
    ...(waited === null ? [] : [`the oldest job has waited ${Math.round(waited)} s`]),
    ...(later === 0
      ? []
      : [
          `${later} job${later === 1 ? '' : 's'} wait for a later time, the next ${Math.ceil(nextSeconds ?? 0)} s from now`,
        ]),
  ].join('; ')
}

function shown({
  id,
  tenantId,
  courseId,
  kind,
  status,
  progress,
  attempts,
  error,
  lastError,
  retryAt,
  createdAt,
  startedAt,
  finishedAt,
}: Job) {
  return {
    id,
    tenant_id: tenantId,
    course_id: courseId,
    kind,
    status,
    progress,
    attempts,
    error,
    last_error: lastError,
    retry_at: retryAt?.toISOString() ?? null,
    created_at: createdAt.toISOString(),
    started_at: startedAt?.toISOString() ?? null,
    finished_at: finishedAt?.toISOString() ?? null,
  }
}
