import type { Command } from 'commander'
import { Failure } from '#kernel/failure.ts'
import { usd } from '#kernel/money.ts'
import { bytesOrNone, days, path, shortText, shownBytes } from './options.ts'
import { table } from './table.ts'
import { moneyCommands, shownBudget, shownProviders } from './tenants-money.ts'
import type { Terminal } from './terminal.ts'
import { quoted } from './welcome.ts'

type Named = { name: string; json?: boolean }

/** Companies that use the service. */
export function tenantCommands(program: Command, terminal: Terminal) {
  const { out, withTenants } = terminal
  const tenant = program.command('tenant').description('companies that use the service')
  named(tenant, 'create', 'add a tenant').action(async ({ name, json }: Named) => {
    const { id } = await withTenants((tenants) => tenants.create(name))
    const next = `Next, a key: course-supporter key create --tenant ${quoted(name)} --scopes prep,check`
    out(json ? JSON.stringify({ id, name }) : `Created ${name} (${id}).\n${next}`)
  })

  tenant
    .command('list')
    .description('list tenants')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const found = await withTenants((tenants) => tenants.list())
      if (json) return out(JSON.stringify(found.map(listed)))
      const head = [
        'ID',
        'NAME',
        'ACTIVE',
        'CREATED UTC',
        'STORED',
        'QUOTA',
        'TEXT',
        'TEXT QUOTA',
        'BUDGET',
        'PROVIDERS',
        'KEPT',
      ]
      const rows = found.map(({ id, name, isActive, createdAt, budget, providers, ...stored }) => {
        const { used, quota, textUsed, textQuota, submissionsDays } = stored
        const money = [shownBudget(budget), shownProviders(providers), `${submissionsDays} days`]
        return [id, name, isActive, createdAt, ...[used, quota, textUsed, textQuota].map(shownBytes), ...money]
      })
      out(table(head, rows, 'There is no tenant yet.'))
    })

  for (const [command, isActive, description] of [
    ['deactivate', false, 'refuse all keys of a tenant; nothing is deleted'],
    ['activate', true, 'let the keys of a tenant work again'],
  ] as const) {
    named(tenant, command, description).action(async ({ name, json }: Named) => {
      const { id } = await withTenants((tenants) => tenants.setActive(name, isActive))
      const text = `${name} is ${isActive ? 'active' : 'deactivated'}.`
      out(json ? JSON.stringify({ id, name, is_active: isActive }) : text)
    })
  }
  quotaCommand(tenant, terminal)
  retentionCommand(tenant, terminal)
  moneyCommands((...about) => named(tenant, ...about), terminal)
  dataCommands(tenant, terminal)
}

function quotaCommand(tenant: Command, { out, withTenants }: Terminal) {
  const command = named(tenant, 'quota', 'say how many bytes a tenant may store; what is stored stays')
    .option('--bytes <n>', 'of materials, such as 20GiB or 1048576; none for no limit', bytesOrNone)
    .option('--text-bytes <n>', 'of the text that is read from them, such as 1GiB; none for no limit', bytesOrNone)
  command.action(async ({ name, bytes, textBytes, json }: Named & { bytes?: Quota; textBytes?: Quota }) => {
    if (bytes === undefined && textBytes === undefined)
      command.error("error: one of the options '--bytes <n>' and '--text-bytes <n>' must be given", { exitCode: 2 })
    const [quota, textQuota] = [bytes, textBytes].map((said) => (said === 'none' ? null : said))
    const order = { ...(quota === undefined ? {} : { quota }), ...(textQuota === undefined ? {} : { textQuota }) }
    const { id, used, before, textUsed, textBefore } = await withTenants((tenants) => tenants.setQuotas(name, order))
    const now = { quota: before, textQuota: textBefore, ...order }
    const stored = { storage_bytes_used: used, storage_bytes_limit: now.quota, previous_storage_bytes_limit: before }
    const text = { text_bytes_used: textUsed, text_bytes_limit: now.textQuota, previous_text_bytes_limit: textBefore }
    const changes = [
      ...(bytes === undefined ? [] : [`${shownBytes(before)} → ${shownBytes(now.quota)}, ${shownBytes(used)} stored`]),
      ...(textBytes === undefined
        ? []
        : [`text ${shownBytes(textBefore)} → ${shownBytes(now.textQuota)}, ${shownBytes(textUsed)} stored`]),
    ]
    out(json ? JSON.stringify({ id, name, ...stored, ...text }) : `The quota of ${name}: ${changes.join('; ')}.`)
  })
}

type Quota = number | 'none'

function retentionCommand(tenant: Command, { out, withTenants }: Terminal) {
  named(tenant, 'retention', 'say for how many days submissions are kept; without --submissions-days, show it')
    .option('--submissions-days <n>', '1 to 36500; what is older goes within the hour', days)
    .option('--yes', 'even if that deletes submissions which are kept now')
    .action(
      async ({ name, submissionsDays, yes = false, json }: Named & { submissionsDays?: number; yes?: boolean }) => {
        const { countOldSubmissions } = await import('#features/students/index.ts')
        const {
          id,
          before,
          days: now,
        } = await withTenants(async (tenants, { db }) => {
          if (submissionsDays !== undefined && !yes) {
            const { id: tenantId } = await tenants.require(name)
            const { days: kept } = await tenants.setRetention(name, undefined)
            const going = await db.forTenant(tenantId, (tx) => countOldSubmissions(tx, submissionsDays))
            if (submissionsDays < kept && going > 0) throw deletesSubmissions(going, submissionsDays)
          }
          return tenants.setRetention(name, submissionsDays)
        })
        if (json) return out(JSON.stringify({ id, name, submissions_days: now, previous_submissions_days: before }))
        const change = submissionsDays === undefined ? `${now}` : `${before} → ${now}`
        out(`Submissions of ${name} are kept for ${change} days.`)
      },
    )
}

/** All that a tenant has: out, or away. */
function dataCommands(tenant: Command, { out, withTenants }: Terminal) {
  named(tenant, 'export', 'write everything a tenant has into a new folder')
    .requiredOption('--out <folder>', 'the folder to make', path)
    .action(async ({ name, out: folder, json }: Named & { out: string }) => {
      const { exportTenant } = await import('../export.ts')
      const { rows, files, missing } = await withTenants(async (tenants, services) =>
        exportTenant(services, (await tenants.require(name)).id, folder),
      )
      const lost = missing.length === 0 ? '' : ` Not in the store: the files of ${missing.join(', ')}.`
      const text = `Wrote ${counted(rows, 'row')} and ${counted(files, 'file')} of ${name} to ${folder}.${lost}`
      out(json ? JSON.stringify({ name, folder, rows, files, missing }) : text)
    })

  named(tenant, 'delete', 'delete a tenant with everything but its costs, which stay without its name')
    .requiredOption('--confirm <name>', 'the name once more', shortText)
    .action(async ({ name, confirm, json }: Named & { confirm: string }) => {
      if (confirm !== name) throw notConfirmed()
      const { emptyDiscarded } = await import('#features/materials/index.ts')
      const { id, files } = await withTenants(async (tenants, services) => ({
        id: (await tenants.delete(name)).id,
        // The rows are gone by now. What the store refuses to delete, the worker tries again.
        files: await emptyDiscarded(services).catch(() => null),
      }))
      const text = files === null ? 'its files will follow' : `with ${counted(files, 'file')}`
      out(json ? JSON.stringify({ id, name, deleted: true, files }) : `Deleted ${name}, ${text}.`)
    })
}

const named = (tenant: Command, name: string, description: string) =>
  tenant
    .command(name)
    .description(description)
    .requiredOption('--name <name>', 'the tenant', shortText)
    .option('--json', 'print JSON')

const notConfirmed = () =>
  new Failure('invalid', 'tenant.not_confirmed', '--confirm must repeat the name exactly; nothing was deleted.')

const deletesSubmissions = (count: number, days: number) =>
  new Failure(
    'invalid',
    'tenant.not_confirmed',
    `That would delete ${counted(count, 'submission')} older than ${counted(days, 'day')}, for good; with --yes it does. Nothing was changed.`,
  )

const counted = (count: number, thing: string) => `${count} ${thing}${count === 1 ? '' : 's'}`

type Listed = {
  id: string
  name: string
  isActive: boolean
  createdAt: Date
  used: number
  quota: number | null
  textUsed: number
  textQuota: number | null
  budget: bigint | null
  spent: bigint
  providers: string[] | null
  submissionsDays: number
}

const listed = ({ id, name, isActive, createdAt, budget, spent, providers, ...stored }: Listed) => ({
  id,
  name,
  is_active: isActive,
  created_at: createdAt.toISOString(),
  storage_bytes_used: stored.used,
  storage_bytes_limit: stored.quota,
  text_bytes_used: stored.textUsed,
  text_bytes_limit: stored.textQuota,
  monthly_budget_usd: budget === null ? null : usd(budget),
  spent_usd: usd(spent),
  llm_providers: providers,
  submissions_days: stored.submissionsDays,
})
