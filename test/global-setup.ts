import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openEmbeddedPostgres } from '#platform/postgres/index.ts'
import { findSecrets } from './output.ts'
import { prepareTemplate } from './template.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    superuserUrl: string
  }
}

/**
 * One real PostgreSQL for the whole run. Nothing in it outlives the run, so it need not be durable. Afterwards everything that was logged or
 * printed is searched: a secret in it fails the run.
 */
export default async function setup(project: TestProject) {
  const folder = await mkdtemp(join(tmpdir(), 'course-supporter-test-'))
  const server = await openEmbeddedPostgres({
    folder: join(folder, 'pg'),
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' },
  })
  const superuserUrl = server.url('postgres')
  await prepareTemplate(superuserUrl)
  project.provide('superuserUrl', superuserUrl)
  const output = join(folder, 'output')
  await mkdir(output)
  project.provide('outputFolder', output)
  return async () => {
    await server.close()
    await copyFile(join(folder, 'pg', 'postgres.log'), join(output, 'postgres.log'))
    const secrets = findSecrets(output)
    await rm(folder, { recursive: true, force: true })
    if (secrets.length > 0) throw new Error(`Secrets were logged or printed:\n${secrets.slice(0, 20).join('\n')}`)
  }
}
