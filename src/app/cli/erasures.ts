import type { Command } from 'commander'
import type { ReplayReport } from '#features/students/index.ts'
import type { Terminal } from './terminal.ts'

/** People who were erased. */
export function erasureCommands(program: Command, { out, withServices }: Terminal) {
  program
    .command('erasures')
    .description('people who were erased')
    .command('replay')
    .description('after a restored backup: erase again whoever was erased since; safe to repeat')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { replayErasures } = await import('#features/students/index.ts')
      const report = await withServices(replayErasures)
      out(json ? JSON.stringify(report) : described(report))
    })
}

function described({ erasures, unknown, students, ...removed }: ReplayReport): string {
  const counts = Object.entries(removed).map(([what, count]) => `${what} ${count}`)
  return [
    `On the lists: ${erasures} people${unknown === 0 ? '' : `, ${unknown} of them of tenants that are not here`}.`,
    `Erased again: ${students}${students === 0 ? '' : ` (${counts.join(', ')})`}.`,
  ].join('\n')
}
