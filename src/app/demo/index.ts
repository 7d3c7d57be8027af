import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createTenants } from '#features/access/index.ts'
import { PROVIDERS } from '#platform/llm/index.ts'
import { grouped } from '../cli/bars.ts'
import { readConfig } from '../config.ts'
import type { Env } from '../config-reader.ts'
import { EXAMPLES } from '../paths.ts'
import { openLog, runProgram } from '../programs.ts'
import { createDemoClient, type DemoClient } from './client.ts'
import { type DemoCost, type DemoEstimate, drawCost, drawEstimate } from './cost.ts'
import { showHomework } from './homework.ts'
import { type DemoCourse, drawCourse } from './tree.ts'

const COURSE = join(EXAMPLES, 'python-basics')

const FILES = [
  { filename: 'text.md', sourceType: 'text', contentType: 'text/markdown' },
  { filename: 'web-page.html', sourceType: 'text', contentType: 'text/html' },
  { filename: 'lecture.srt', sourceType: 'video', contentType: 'application/x-subrip' },
]

type Print = (line: string) => void

// Real models think.
const LONGEST_MINUTES = 30

/**
 * Runs the whole product once on the example course, in a place of its own that is removed afterwards: uploads, waits, generates, draws the
 * course as a tree, and lets students hand in. With a provider of language models in the environment these make the course and judge open
 * answers, and it says what they cost.
 */
export async function runDemo(env: Env, print: Print): Promise<void> {
  const place = resolve(env['DATA_DIR'] ?? '.data')
  await mkdir(place, { recursive: true })
  const folder = await mkdtemp(join(place, 'demo-'))
  try {
    const own = { PATH: env['PATH'], DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'error' }
    const config = readConfig({ ...modelsOf(env), ...own })
    print('Starting an embedded PostgreSQL, the API and a worker …')
    const program = await runProgram(config, { api: true, worker: true }, await openLog(config))
    try {
      const tenants = createTenants(program.services)
      const clientOf = async (tenant: string) => {
        await tenants.create(tenant)
        const { key } = await tenants.issueKey({ tenant, scopes: ['prep', 'check'], ratePrep: 1_000 })
        return createDemoClient(`${program.url}/api/v1`, key)
      }
      const client = await clientOf('Demo')
      const byModels = await showCourse(client, print)
      // Whom no provider may serve has the outline engine.
      const unused = PROVIDERS.find((provider) => config.llm.keys[provider] === undefined)
      if (byModels && unused !== undefined) {
        const without = await clientOf('Without models')
        await tenants.setProviders('Without models', [unused])
        await compare(without, print)
      }
    } finally {
      await program.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  print('\nThis was an installation of its own, and it is gone. make start keeps one: paste what it prints.')
}

/** What the environment says of language models, and nothing else of it. */
function modelsOf(env: Env): Env {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => /^(OPENAI|ANTHROPIC|GEMINI|DEEPSEEK|LLM)_/.test(name)),
  )
}

/** Makes the course, draws it and lets students hand in; whether language models have made it. */
async function showCourse(client: DemoClient, print: Print): Promise<boolean> {
  const course = await uploadCourse(client, print)
  const { strategies } = await client.post<{ strategies: DemoEstimate[] }>(`/courses/${course}/structure/estimate`, {})
  const isByModels = strategies.some(({ engine }) => engine === 'llm')
  if (isByModels)
    print(`\nWhat the course will cost, by strategy, before anything is spent:\n${drawEstimate(strategies)}`)
  await generate(client, course, print)
  print(`\n${drawCourse(await client.get<DemoCourse>(`/courses/${course}`))}`)
  await showHomework(client, course, print)
  if (isByModels) print(`\nWhat all of it did cost:\n${drawCost(await client.get<DemoCost>('/reports/cost'))}`)
  return isByModels
}

async function compare(client: DemoClient, print: Print) {
  const course = await uploadCourse(client)
  const { modules, lessons, concepts, exercises, generated_by } = await generate(client, course)
  print(
    `\nWithout a language model, for nothing, the ${generated_by} engine makes of the same materials ` +
      `${modules} modules,\n${lessons} lessons, ${concepts} concepts and ${exercises} exercises.`,
  )
}

async function uploadCourse(client: DemoClient, print?: Print): Promise<string> {
  const course = await client.post<{ id: string }>('/courses', { title: 'Python для початківців' })
  for (const { filename, sourceType, contentType } of FILES) {
    const query = new URLSearchParams({ source_type: sourceType, filename })
    const bytes = await readFile(join(COURSE, filename))
    const material = await client.upload<{ id: string }>(`/courses/${course.id}/materials?${query}`, bytes, contentType)
    const { status, error } = await client.wait<{ status: string; error: { message: string } | null }>(
      `/materials/${material.id}`,
      (found) => found.status === 'done' || found.status === 'error',
    )
    print?.(row(filename, `${grouped(bytes.length)} bytes`, `${status}${error ? `: ${error.message}` : ''}`))
  }
  const mapping = JSON.parse(await readFile(join(COURSE, 'slide-mapping.json'), 'utf8'))
  const { created } = await client.post<{ created: number }>(`/courses/${course.id}/slide-mapping`, mapping)
  print?.(row('slide mapping', `${created} slides`, 'done'))
  return course.id
}

const row = (name: string, size: string, status: string) => `  ${name.padEnd(14)} ${size.padStart(13)}  ${status}`

type Made = {
  modules: number
  lessons: number
  concepts: number
  exercises: number
  generated_by: string
  /** Why it is not a language model. */
  notice?: string
  /** What a model wrote without a place in the materials, or what could not be graded. */
  dropped?: Record<string, number>
}

type DemoJob = { status: string; result: Made | null; error: { message: string } | null }

/** Generates the structure. Throws what the job says when it fails. */
async function generate(client: DemoClient, course: string, print?: Print): Promise<Made> {
  const began = Date.now()
  const { job_id } = await client.post<{ job_id: string }>(`/courses/${course}/structure`, {})
  let hasBegun = false
  const { status, result, error } = await client.wait<DemoJob>(
    `/jobs/${job_id}`,
    ({ status }) => {
      const isPutOff = hasBegun && status === 'queued'
      hasBegun ||= status === 'running'
      return isPutOff || !['queued', 'running'].includes(status)
    },
    LONGEST_MINUTES,
  )
  if (status === 'queued') throw new Error('The language models do not answer: are their address and key right?')
  if (result === null) throw new Error(`The structure could not be generated: ${error?.message ?? status}`)
  const seconds = ((Date.now() - began) / 1_000).toFixed(1)
  print?.(`\nThe structure was made by the engine ${result.generated_by} in ${seconds} s.`)
  if (result.notice !== undefined) print?.(result.notice)
  if (result.dropped !== undefined) print?.(`Checked against the materials: ${counted(result.dropped)} were dropped.`)
  return result
}

const counted = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')
