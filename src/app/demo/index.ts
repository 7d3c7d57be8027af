import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createTenants } from '#features/access/index.ts'
import { readConfig } from '../config.ts'
import type { Env } from '../config-reader.ts'
import { EXAMPLES } from '../paths.ts'
import { openLog, runProgram } from '../programs.ts'
import { createDemoClient, type DemoClient } from './client.ts'
import { type DemoCourse, drawCourse } from './tree.ts'

const COURSE = join(EXAMPLES, 'python-basics')

const FILES = [
  { filename: 'text.md', sourceType: 'text', contentType: 'text/markdown' },
  { filename: 'web-page.html', sourceType: 'text', contentType: 'text/html' },
  { filename: 'lecture.srt', sourceType: 'video', contentType: 'application/x-subrip' },
]

/**
 * Runs the whole product once on the example course, in a place of its own that is removed afterwards: uploads, waits, generates,
 * and draws the course as a tree.
 */
export async function runDemo(env: Env, print: (line: string) => void): Promise<void> {
  const place = resolve(env['DATA_DIR'] ?? '.data')
  await mkdir(place, { recursive: true })
  const folder = await mkdtemp(join(place, 'demo-'))
  try {
    const config = readConfig({ PATH: env['PATH'], DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'error' })
    print('Starting an embedded PostgreSQL, the API and a worker …')
    const program = await runProgram(config, { api: true, worker: true }, await openLog(config))
    try {
      const tenants = createTenants(program.services)
      await tenants.create('Demo')
      const { key } = await tenants.issueKey({ tenant: 'Demo', scopes: ['prep', 'check'] })
      await show(createDemoClient(`${program.url}/api/v1`, key), print)
    } finally {
      await program.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function show(client: DemoClient, print: (line: string) => void) {
  const course = await client.post<{ id: string }>('/courses', { title: 'Python для початківців' })
  for (const { filename, sourceType, contentType } of FILES) {
    const query = new URLSearchParams({ source_type: sourceType, filename })
    const bytes = await readFile(join(COURSE, filename))
    const material = await client.upload<{ id: string }>(`/courses/${course.id}/materials?${query}`, bytes, contentType)
    const { status, error } = await client.wait<{ status: string; error: { message: string } | null }>(
      `/materials/${material.id}`,
      (found) => found.status === 'done' || found.status === 'error',
    )
    print(
      `  ${filename.padEnd(14)} ${String(bytes.length).padStart(7)} bytes  ${status}${error ? `: ${error.message}` : ''}`,
    )
  }
  const mapping = JSON.parse(await readFile(join(COURSE, 'slide-mapping.json'), 'utf8'))
  const { created } = await client.post<{ created: number }>(`/courses/${course.id}/slide-mapping`, mapping)
  print(`  slide mapping  ${String(created).padStart(7)} slides`)
  const { job_id: job } = await client.post<{ job_id: string }>(`/courses/${course.id}/structure`, {})
  const { status } = await client.wait<{ status: string }>(
    `/jobs/${job}`,
    (found) => !['queued', 'running'].includes(found.status),
  )
  print(`  structure      ${status}\n`)
  print(drawCourse(await client.get<DemoCourse>(`/courses/${course.id}`)))
  print('\nThis was an installation of its own, and it is gone. make start keeps one: then paste what it prints.')
}
