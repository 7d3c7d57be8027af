import { monitorEventLoopDelay } from 'node:perf_hooks'
import { uploadBusy } from '#features/storage/index.ts'
import type { Measured, Meter } from '#platform/http/index.ts'
import { createRegistry, type Registry } from '#platform/metrics/index.ts'
import { VERSION } from '../paths.ts'

/** What one process tells of itself. */
export type ProcessMetrics = {
  registry: Registry
  meter: Meter
  watchUploads(taken: () => number): void
  jobEnded(ended: { kind: string; status: string }): void
  sweeperRefuses(refuses: boolean): void
}

const PREFIX = 'course_supporter_'

// Seconds. An upload may take 15 minutes, and most answers take milliseconds.
const BOUNDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 60, 300, 900]

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Refused because too much is under way: no fault, and no reason to wake anybody. */
const ADMISSION = new Set([uploadBusy().code])

export function createProcessMetrics(program: string): ProcessMetrics {
  const registry = createRegistry()
  const requests = registry.counter({
    name: `${PREFIX}http_requests_total`,
    help: 'Requests that ended. status is 2xx to 5xx; busy: a 503 because all places are taken; aborted: the client left first.',
  })
  const durations = registry.histogram({
    name: `${PREFIX}http_request_duration_seconds`,
    help: 'How long requests took, uploads with their bodies.',
    bounds: BOUNDS,
  })
  const ended = registry.counter({
    name: `${PREFIX}jobs_ended_total`,
    help: 'Attempts at jobs that ended, by what became of the job; queued: it is tried again, error: it has failed for good.',
  })
  const failed = registry.counter({ name: `${PREFIX}jobs_failed_total`, help: 'Jobs that failed for good.' })
  let inFlight = 0
  let uploads: (() => number) | undefined
  let refuses: boolean | undefined
  registry.gauge({ name: `${PREFIX}http_requests_in_flight`, help: 'Requests under way.' }, () => inFlight)
  registry.gauge({ name: `${PREFIX}uploads_under_way`, help: 'Places of uploads that are taken.' }, () => uploads?.())
  registry.gauge(
    {
      name: `${PREFIX}sweeper_refuses`,
      help: '1 while the sweeper of the object storage removes nothing until somebody has looked.',
      across: 'max',
    },
    () => (refuses === undefined ? undefined : Number(refuses)),
  )
  aboutTheProcess(registry, program)
  // From the start: what has never been counted could not be seen to grow.
  failed.add({}, 0)
  for (const status of ['2xx', '4xx', '5xx', 'busy']) requests.add({ method: 'GET', route: 'unknown', status }, 0)

  return {
    registry,
    meter: {
      began: () => {
        inFlight += 1
      },
      ended: (request) => {
        inFlight -= 1
        const method = METHODS.has(request.method) ? request.method : 'OTHER'
        const route = request.route ?? 'unknown'
        requests.add({ method, route, status: statusOf(request) })
        durations.observe(request.seconds, { method, route })
      },
    },
    watchUploads: (taken) => {
      uploads = taken
    },
    jobEnded: ({ kind, status }) => {
      ended.add({ kind, status })
      if (status === 'error') failed.add()
    },
    sweeperRefuses: (isSo) => {
      refuses = isSo
    },
  }
}

function statusOf({ status, refusal }: Measured): string {
  if (status === null) return 'aborted'
  if (status === 503 && refusal !== undefined && ADMISSION.has(refusal)) return 'busy'
  return `${Math.floor(status / 100)}xx`
}

function aboutTheProcess(registry: Registry, program: string) {
  const lag = monitorEventLoopDelay({ resolution: 20 })
  lag.enable()
  registry.gauge({ name: `${PREFIX}build_info`, help: 'Which version runs as what.' }, () => [
    { labels: { version: VERSION, program }, value: 1 },
  ])
  registry.gauge(
    { name: 'process_start_time_seconds', help: 'Since 1970.', across: 'max' },
    () => Math.round(performance.timeOrigin) / 1_000,
  )
  registry.gauge({ name: 'process_resident_memory_bytes', help: 'Memory that is held.' }, () =>
    process.memoryUsage.rss(),
  )
  registry.gauge(
    {
      name: 'nodejs_eventloop_lag_p99_seconds',
      help: 'The 99th percentile of how late the event loop was since this was asked last.',
      across: 'max',
    },
    () => {
      const seconds = lag.count === 0 ? 0 : lag.percentile(99) / 1e9
      lag.reset()
      return seconds
    },
  )
}
