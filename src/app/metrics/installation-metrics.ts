import { readFile } from 'node:fs/promises'
import { usageFeature } from '#features/usage/index.ts'
import type { Database } from '#platform/db/database.ts'
import type { Family, Sample } from '#platform/metrics/index.ts'
import { queueStatus } from '#platform/queue/index.ts'
import type { Config } from '../config.ts'

type Options = {
  db: Database
  config: Pick<Config, 'llm' | 'metrics'>
  now?: () => Date
  /** Milliseconds for which an answer is good: several may ask at once. */
  keepMs?: number
}

const PREFIX = 'course_supporter_'
const NANO = 1e9

// Monitoring asks every few seconds: a database that hangs must be seen to hang.
const DEADLINE_MS = 3_000

/** What is true of the whole installation, whichever process tells it: the queue, money, backups. No name of a tenant is in it. */
export function createInstallationMetrics({ db, config, now = () => new Date(), keepMs = 5_000 }: Options) {
  const { reports } = usageFeature({ db, now })
  let last: { at: number; found: Promise<Family[]> } | undefined

  async function read(): Promise<Family[]> {
    const parts = await Promise.all([fromDatabase(), fromFiles()])
    return parts.flat()
  }

  async function fromDatabase(): Promise<Family[]> {
    try {
      const asked = Promise.all([db.asOperator('metrics', queueStatus), reports.budgets()])
      const [queue, budgets] = await within(DEADLINE_MS, asked)
      return [up(1), ...queueFamilies(queue), ...budgetFamilies(budgets, config.llm.monthlyLimitNanoUsd)]
    } catch {
      // That it fails is in the log of whoever uses it, and in this.
      return [up(0)]
    }
  }

  async function fromFiles(): Promise<Family[]> {
    const { lastBackupFile, lastRestoreCheckFile } = config.metrics
    return [
      gauge(
        'last_backup_timestamp_seconds',
        'When the last backup was whole, since 1970; 0: never.',
        await time(lastBackupFile),
      ),
      gauge(
        'last_restore_check_timestamp_seconds',
        'When a backup was last restored and compared, since 1970; 0: never.',
        await time(lastRestoreCheckFile),
      ),
    ]
  }

  return () => {
    const at = performance.now()
    if (last === undefined || at - last.at > keepMs) last = { at, found: read() }
    return last.found
  }
}

const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
  ...{ name: PREFIX + name, help, samples },
  ...{ type: 'gauge', across: 'max' },
})

const up = (value: number) => gauge('database_up', '1 when the database has answered.', [{ labels: {}, value }])

function queueFamilies({
  counts,
  oldestQueuedSeconds,
  liveWorkers,
}: Awaited<ReturnType<typeof queueStatus>>): Family[] {
  const kinds = [...new Set(counts.map(({ kind }) => kind))]
  const samples = kinds.flatMap((kind) =>
    (['queued', 'running'] as const).map((status) => ({
      labels: { kind, status },
      value: counts.find((one) => one.kind === kind && one.status === status)?.count ?? 0,
    })),
  )
  return [
    gauge('jobs', 'Jobs that wait or run.', samples),
    gauge('queue_oldest_seconds', 'How long the job that has waited longest could have run; 0: none waits.', [
      { labels: {}, value: Math.max(0, oldestQueuedSeconds ?? 0) },
    ]),
    gauge('workers', 'Worker processes that are alive.', [{ labels: {}, value: liveWorkers }]),
  ]
}

type Budgets = Awaited<ReturnType<ReturnType<typeof usageFeature>['reports']['budgets']>>

function budgetFamilies({ byTenant, total }: Budgets, limit: bigint | null): Family[] {
  // Who has a budget of nothing has been left without models on purpose.
  const shares = [...byTenant.values()].flatMap(({ limitNanoUsd: of, spentNanoUsd: spent }) =>
    of === null || of === 0n ? [] : [Number((spent * 100n) / of)],
  )
  const reached = (percent: number, below = Number.POSITIVE_INFINITY) => ({
    labels: { percent: String(percent) },
    value: shares.filter((share) => share >= percent && share < below).length,
  })
  const usd = (nano: bigint) => [{ labels: {}, value: Number(nano) / NANO }]
  return [
    gauge(
      'tenant_budgets_reached',
      'Tenants that have spent 80 to 99, or 100 and more, percent of their monthly budget.',
      [reached(80, 100), reached(100)],
    ),
    gauge(
      'llm_spent_usd',
      'What all tenants have spent on language models in this UTC month.',
      usd(total.spentNanoUsd),
    ),
    gauge('llm_reserved_usd', 'What calls under way may still cost.', usd(total.reservedNanoUsd)),
    gauge('llm_limit_usd', 'What all tenants together may spend in a UTC month.', limit === null ? [] : usd(limit)),
  ]
}

/** The time that the first line of a file says (RFC 3339); 0 when it is missing or says none; nothing when no file is named. */
async function time(file: string | undefined): Promise<Sample[]> {
  if (file === undefined) return []
  const text = await readFile(file, 'utf8').catch(() => '')
  const at = Date.parse(text.split('\n', 1)[0]?.trim() ?? '')
  return [{ labels: {}, value: Number.isNaN(at) ? 0 : at / 1_000 }]
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, ms, new Error(`No answer within ${ms} ms.`))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
