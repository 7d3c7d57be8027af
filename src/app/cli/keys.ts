import { type Command, Option } from 'commander'
import type { ApiKey, IssuedKey } from '#features/access/index.ts'
import type { Scope } from '#kernel/caller.ts'
import { duration, endOfDay, scopes, shortText, uuid, wholeNumber } from './options.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

type Create = {
  tenant: string
  scopes: Scope[]
  label?: string
  env: 'live' | 'test'
  ratePrep: number
  rateCheck: number
  expires?: Date
  json?: boolean
}

export function keyCommands(program: Command, { out, withTenants }: Terminal) {
  const key = program.command('key').description('API keys of tenants')

  key
    .command('create')
    .description('make a key; it is shown once')
    .requiredOption('--tenant <name>', 'whose it is', shortText)
    .requiredOption('--scopes <scopes>', 'prep, check or both', scopes)
    .option('--label <text>', 'what it is for', shortText)
    .addOption(new Option('--env <environment>', 'part of its name only').choices(['live', 'test']).default('live'))
    .option('--rate-prep <n>', 'prep requests in any 60 seconds', wholeNumber, 60)
    .option('--rate-check <n>', 'check requests in any 60 seconds', wholeNumber, 300)
    .option('--expires <day>', "until that day's end, UTC", endOfDay)
    .option('--json', 'print JSON')
    .action(async ({ tenant, scopes, label, env, ratePrep, rateCheck, expires, json }: Create) => {
      const order = { tenant, scopes, environment: env, ratePrep, rateCheck }
      const optional = {
        ...(label === undefined ? {} : { label }),
        ...(expires === undefined ? {} : { expiresAt: expires }),
      }
      const issued = await withTenants((tenants) => tenants.issueKey({ ...order, ...optional }))
      out(json ? JSON.stringify(shown(issued)) : described(issued))
    })

  key
    .command('list')
    .description('list the keys of a tenant, never the keys themselves')
    .requiredOption('--tenant <name>', 'whose they are', shortText)
    .option('--json', 'print JSON')
    .action(async ({ tenant, json }: { tenant: string; json?: boolean }) => {
      const keys = await withTenants((tenants) => tenants.listKeys(tenant))
      if (json) return out(JSON.stringify(keys.map((found) => listed(found, tenant))))
      const head = ['ID', 'PREFIX', 'LABEL', 'SCOPES', 'PREP/60s', 'CHECK/60s', 'STATE', 'EXPIRES UTC', 'CREATED UTC']
      const rows = keys.map((k) => [
        k.id,
        k.prefix,
        k.label,
        k.scopes.join(','),
        k.rateLimitPrep,
        k.rateLimitCheck,
        stateOf(k),
        k.expiresAt,
        k.createdAt,
      ])
      out(table(head, rows, `${tenant} has no key yet.`))
    })

  key
    .command('rotate')
    .description('make a new key like an old one, which goes on for a while')
    .requiredOption('--id <id>', 'the old key', uuid)
    .requiredOption('--overlap <duration>', 'how long the old one goes on, such as 24h', duration)
    .option('--json', 'print JSON')
    .action(async ({ id, overlap, json }: { id: string; overlap: number; json?: boolean }) => {
      const { issued, old } = await withTenants((tenants) => tenants.rotateKey(id, overlap))
      const oldExpiresAt = old.expiresAt.toISOString()
      if (json) return out(JSON.stringify({ ...shown(issued), old: { id: old.id, expires_at: oldExpiresAt } }))
      out(`${described(issued)}\nThe old key ${old.id} works until ${oldExpiresAt}.`)
    })

  key
    .command('revoke')
    .description('end a key at once')
    .addOption(new Option('--id <id>', 'the key').argParser(uuid).conflicts('prefix'))
    .option('--prefix <prefix>', 'the start of the key, if no other shares it', shortText)
    .option('--json', 'print JSON')
    .action(async ({ id, prefix, json }: { id?: string; prefix?: string; json?: boolean }, command: Command) => {
      const by = id !== undefined ? { id } : prefix !== undefined ? { prefix } : undefined
      if (by === undefined) return command.error('error: give --id or --prefix', { exitCode: 2 })
      const revoked = await withTenants((tenants) => tenants.revokeKey(by))
      out(
        json
          ? JSON.stringify({ id: revoked.id, prefix: revoked.prefix, revoked: true })
          : `Revoked ${revoked.prefix} (${revoked.id}).`,
      )
    })
}

const shown = ({ id, key, prefix, tenant, scopes, expiresAt }: IssuedKey) => ({
  id,
  key,
  prefix,
  tenant,
  scopes,
  ...(expiresAt === null ? {} : { expires_at: expiresAt.toISOString() }),
})

const described = ({ id, key, tenant, scopes, expiresAt }: IssuedKey) =>
  [
    `Key of ${tenant} for ${scopes.join(', ')} (id ${id})${expiresAt === null ? '' : `, until ${expiresAt.toISOString()}`}:`,
    `  ${key}`,
    'It is shown this once; only its hash is kept.',
  ].join('\n')

function listed(key: ApiKey, tenant: string) {
  const { id, prefix, label, scopes, rateLimitPrep, rateLimitCheck, isActive, expiresAt, createdAt } = key
  return {
    id,
    prefix,
    tenant,
    label,
    scopes,
    rate_limit_prep: rateLimitPrep,
    rate_limit_check: rateLimitCheck,
    is_active: isActive,
    state: stateOf(key),
    expires_at: expiresAt?.toISOString() ?? null,
    created_at: createdAt.toISOString(),
  }
}

const stateOf = ({ isActive, expiresAt }: ApiKey) =>
  !isActive ? 'revoked' : expiresAt !== null && expiresAt <= new Date() ? 'expired' : 'active'
