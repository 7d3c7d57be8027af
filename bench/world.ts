import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { runCommandLine } from '#app/cli/command-line.ts'
import { openDatabaseServer } from '#app/database-server.ts'
import type { Processes, Server } from './processes.ts'

/** One who uploads: a tenant's key and the course it uploads to. */
export type Lecturer = { key: string; courseId: string }

export type World = {
  /** For the API with its store in the sink, and with its store in files. */
  s3: Record<string, string>
  files: Record<string, string>
  lecturers: Lecturer[]
  emptyFiles(): Promise<void>
  close(): Promise<void>
}

/** As many as upload at once: no tenant may have all places. */
const LECTURERS = 8

/** A database, an S3 that forgets what it is sent, tenants with a course each. Everything is in a folder that `close` removes. */
export async function createWorld(processes: Processes): Promise<World> {
  // Not below the system's folder for temporary files, which may be memory.
  const place = new URL('../.data/', import.meta.url).pathname
  await mkdir(place, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(join(place, 'bench-'))
  const database = await openDatabaseServer({ kind: 'embedded', folder: join(folder, 'pg') })
  const close = async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const sink = await processes.serve('sink.ts')
    const files = { DATA_DIR: folder, DATABASE_URL: database.appUrl }
    const s3 = {
      ...files,
      S3_ENDPOINT: sink.url,
      S3_REGION: 'eu-central-003',
      S3_ACCESS_KEY: 'bench',
      S3_SECRET_KEY: 'bench-secret',
      S3_BUCKET: 'bench',
    }
    const lecturers = await invite(files, await processes.api(files, []))
    const emptyFiles = () => rm(join(folder, 'objects'), { recursive: true, force: true })
    return { s3, files, lecturers, emptyFiles, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function invite(env: Record<string, string>, api: Server): Promise<Lecturer[]> {
  const lecturers: Lecturer[] = []
  for (let number = 1; number <= LECTURERS; number += 1) {
    const name = `Школа ${number}`
    await command(env, 'tenant', 'create', '--name', name)
    const issued = await command(env, 'key', 'create', '--tenant', name, '--scopes', 'prep', '--rate-prep', '10000')
    const { key } = issued as { key: string }
    const answer = await fetch(`${api.url}/api/v1/courses`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'Python для початківців' }),
    })
    if (!answer.ok) throw new Error(`No course was made: ${await answer.text()}`)
    const { id } = (await answer.json()) as { id: string }
    lecturers.push({ key, courseId: id })
  }
  await api.stop()
  return lecturers
}

async function command(env: Record<string, string>, ...args: string[]): Promise<unknown> {
  let said = ''
  const stdout = new Writable({
    write(piece, _encoding, done) {
      said += piece
      done()
    },
  })
  const code = await runCommandLine([...args, '--json'], { env, stdout, stderr: process.stderr })
  if (code !== 0) throw new Error(`course-supporter ${args.slice(0, 2).join(' ')} ended with ${code}.`)
  return JSON.parse(said)
}
