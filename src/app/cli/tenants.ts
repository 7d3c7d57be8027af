import type { Command } from 'commander'
import { createTenants } from '#features/access/index.ts'
import { emptyDiscarded } from '#features/materials/index.ts'
import { Failure } from '#kernel/failure.ts'
import { exportTenant } from '../export.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

type Named = { name: string; json?: boolean }

export function tenantCommands(program: Command, { out, withServices }: Terminal) {
  const tenant = program.command('tenant').description('companies that use the service')
  const named = (name: string, description: string) =>
    tenant
      .command(name)
      .description(description)
      .requiredOption('--name <name>', 'the tenant')
      .option('--json', 'print JSON')

  named('create', 'add a tenant').action(async ({ name, json }: Named) => {
    const created = await withServices(({ db }) => createTenants({ db }).create(name))
    out(json ? JSON.stringify({ id: created.id, name }) : `Created ${name} (${created.id}).`)
  })

  tenant
    .command('list')
    .description('list tenants')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const tenants = await withServices(({ db }) => createTenants({ db }).list())
      if (json) {
        return out(
          JSON.stringify(
            tenants.map(({ id, name, isActive, createdAt }) => ({
              id,
              name,
              is_active: isActive,
              created_at: createdAt.toISOString(),
            })),
          ),
        )
      }
      out(
        table(
          ['ID', 'NAME', 'ACTIVE', 'CREATED'],
          tenants.map((t) => [t.id, t.name, t.isActive, t.createdAt]),
        ),
      )
    })

  for (const [command, isActive, description] of [
    ['deactivate', false, 'refuse all keys of a tenant; nothing is deleted'],
    ['activate', true, 'let the keys of a tenant work again'],
  ] as const) {
    named(command, description).action(async ({ name, json }: Named) => {
      const { id } = await withServices(({ db }) => createTenants({ db }).setActive(name, isActive))
      out(
        json ? JSON.stringify({ id, name, is_active: isActive }) : `${name} is ${isActive ? 'active' : 'deactivated'}.`,
      )
    })
  }

  named('export', 'write everything a tenant has into a new folder')
    .requiredOption('--out <folder>', 'the folder to make')
    .action(async ({ name, out: folder, json }: Named & { out: string }) => {
      const summary = await withServices(async ({ db, objects }) => {
        const { id } = await createTenants({ db }).require(name)
        return exportTenant({ db, objects }, id, folder)
      })
      out(
        json
          ? JSON.stringify({ name, folder, ...summary })
          : `Wrote ${summary.rows} rows and ${summary.files} files of ${name} to ${folder}.`,
      )
    })

  named('delete', 'delete a tenant with everything but its costs, which stay without its name')
    .requiredOption('--confirm <name>', 'the name once more')
    .action(async ({ name, confirm, json }: Named & { confirm: string }) => {
      if (confirm !== name)
        throw new Failure(
          'invalid',
          'tenant.not_confirmed',
          '--confirm must repeat the name exactly; nothing was deleted.',
        )
      const deleted = await withServices(async ({ db, objects }) => {
        const { id } = await createTenants({ db }).delete(name)
        return { id, files: await emptyDiscarded({ db, objects }) }
      })
      out(json ? JSON.stringify({ ...deleted, name, deleted: true }) : `Deleted ${name} and ${deleted.files} files.`)
    })
}
