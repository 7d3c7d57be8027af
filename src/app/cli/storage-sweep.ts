import type { Command } from 'commander'
import type { SweepReport } from '#features/storage/index.ts'
import { duration } from './options.ts'
import type { Terminal } from './terminal.ts'

type Options = { confirm?: boolean; olderThan?: number; json?: boolean }

/** Adds `sweep` to the `storage` commands. */
export function sweepCommand(storage: Command, { out, withServices }: Terminal) {
  storage
    .command('sweep')
    .description('remove what is stored and owned by nothing, now')
    .option('--older-than <duration>', 'leave younger ones alone; 24h unless given', duration)
    .option('--confirm', 'this database is the right one: all that it does not own may go')
    .option('--json', 'print JSON')
    .action(async ({ confirm = false, olderThan, json }: Options) => {
      const { sweep } = await import('#features/storage/index.ts')
      const order = { confirm, ...(olderThan === undefined ? {} : { graceMs: olderThan }) }
      const report = await withServices((services) => sweep(services, order))
      const { describeError } = await import('../describe-error.ts')
      const error = report.failed > 0 ? describeError(report.error) : null
      const { objects, uploads, others, unowned, removed, aborted, failed, alarm } = report
      if (json) {
        const counts = { objects, uploads, others, unowned, removed, aborted, failed }
        out(JSON.stringify({ ...counts, error, alarm: alarm ?? null }))
      } else out(described(report))
      if (alarm) throw new Error(`nothing was removed: ${alarm.message}. Look, then add --confirm.`)
      if (error !== null) throw new Error(`${failed} could not be removed, the last because: ${error}`)
    })
}

function described({ objects, uploads, others, unowned, removed, aborted, alarm }: SweepReport): string {
  return [
    `Seen: ${objects} objects, ${uploads} unfinished uploads, ${others} other objects, which are not ours to touch.`,
    `Owned by nothing and old enough: ${unowned}.`,
    ...(alarm ? alarm.examples.map((key) => `  ${key}`) : []),
    `Removed: ${removed} objects; ended: ${aborted} unfinished uploads.`,
  ].join('\n')
}
