import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedPostgres } from '#platform/postgres/index.ts'
import { databaseUrls, prepareTemplate, TEMPLATE } from './template.ts'

// Writes src/platform/db/tables.ts from the migrations, with a PostgreSQL of its own.
const folder = await mkdtemp(join(tmpdir(), 'course-supporter-tables-'))
const server = await openEmbeddedPostgres({ folder: join(folder, 'pg'), settings: { fsync: 'off' } })
try {
  const superuserUrl = server.url('postgres')
  await prepareTemplate(superuserUrl)
  const { owner } = databaseUrls(superuserUrl, TEMPLATE)
  execFileSync('kysely-codegen', ['--url', owner, '--singularize', 'false'], { stdio: ['ignore', 'ignore', 'inherit'] })
} finally {
  await server.close()
  await rm(folder, { recursive: true, force: true })
}
