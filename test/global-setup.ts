import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openEmbeddedPostgres } from '#platform/postgres/index.ts'
import { prepareTemplate } from './template.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    superuserUrl: string
  }
}

/** One real PostgreSQL for the whole run. Nothing in it outlives the run, so it need not be durable. */
export default async function setup(project: TestProject) {
  const folder = await mkdtemp(join(tmpdir(), 'course-supporter-test-'))
  const server = await openEmbeddedPostgres({
    folder: join(folder, 'pg'),
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' },
  })
  const superuserUrl = server.url('postgres')
  await prepareTemplate(superuserUrl)
  project.provide('superuserUrl', superuserUrl)
  return async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}
