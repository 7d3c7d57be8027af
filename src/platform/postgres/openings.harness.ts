import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, openEmbeddedPostgres } from './index.ts'
import { findPostmaster } from './postmaster.ts'
import { isRunning } from './process-mark.ts'

// How long a start takes is the disk's affair: what must end in time has its own deadline in the code.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const settings = { fsync: 'off' }

/** A folder only its owner can enter, and in it the folder of PostgreSQL that this test uses: one for all unless it says otherwise. */
export let root: string
export let folder: string

let opened: EmbeddedPostgres[] = []
let children: ChildProcess[] = []

beforeAll(async () => {
  // As `mktemp -d` makes it: nobody but its owner can enter.
  root = await mkdtemp(join(tmpdir(), 'постгрес '))
  await (await openEmbeddedPostgres({ folder: join(root, 'shared'), settings })).close()
})

afterAll(async () => {
  await rm(root, { recursive: true, maxRetries: 10 })
})

beforeEach(() => {
  folder = join(root, 'shared')
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const postgres of opened) await postgres.close()
  const left = await findPostmaster(join(folder, 'data'))
  if (left) process.kill(left.pid, 'SIGKILL')
  children = []
  opened = []
})

/** For a test of the first start. */
export async function useNothing() {
  folder = join(await mkdtemp(join(root, 'new ')), 'pg')
}

export async function open(options: Partial<EmbeddedPostgresOptions> = {}) {
  const postgres = await openEmbeddedPostgres({ folder, settings, ...options })
  opened.push(postgres)
  return postgres
}

export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

export async function requirePostmaster(of = folder) {
  const postmaster = await findPostmaster(join(of, 'data'))
  if (!postmaster) throw new Error('No postmaster runs.')
  return postmaster
}

export async function killPostmaster() {
  const { pid, mark } = await requirePostmaster()
  process.kill(pid, 'SIGKILL')
  await expect.poll(async () => await isRunning(mark)).toBe(false)
}

/** Another process that runs `code`, in which `open()` is there. It prints a line when it has come to something. */
export function spawnOpener(code: string) {
  const module = JSON.stringify(new URL('index.ts', import.meta.url).href)
  const source = `
    import { openEmbeddedPostgres } from ${module}
    const open = () => openEmbeddedPostgres({ folder: process.argv[1], settings: { fsync: 'off' } })
    ${code}`
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit']
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source, folder], { stdio })
  children.push(child)
  return child
}

export async function kill(child: ChildProcess) {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

export async function errorOf(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => undefined,
    (error) => error,
  )
  expect(error).toBeInstanceOf(Error)
  expect(error.message).not.toContain('\n')
  return error.message
}

/** Code for `spawnOpener`. */
export const stayOpen = `await open(); console.log('open'); setInterval(() => {}, 1e6)`
