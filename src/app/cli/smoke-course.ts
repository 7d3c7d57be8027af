import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '#platform/ids/index.ts'
import type { SmokeAnswer, SmokeRequest } from './smoke-client.ts'
import { expectStatus, fieldOf, SmokeFailure, textField } from './smoke-expect.ts'

export const COURSES = '/api/v1/courses'

/** By this a course of a smoke test is known, also to the next one. */
const MARK = 'smoke-test-'
const TITLE = 'Smoke test: may be deleted'

const FILE = '# Smoke test\n\nA file this small is read in a moment.\n\n## Second heading\n\nIt is deleted at once.\n'

/** What an earlier run has left that was killed; a younger course is another run's. */
const LEFT_MS = 3_600_000

const [SHORTEST_PAUSE, LONGEST_PAUSE] = [500, 5_000]

type Ask = (method: string, path: string, request?: Omit<SmokeRequest, 'key'>) => Promise<SmokeAnswer>

type Options = {
  ask: Ask
  /** The same, which nothing cuts short: a course that is being made is found afterwards. */
  askWhole: Ask
  waitMs: number
  signal: AbortSignal
}

/** One course made, read, filled and deleted. What the test has made is found by a name it chose before it asked for anything. */
export function createSmokeCourse({ ask, askWhole, waitMs, signal }: Options) {
  const externalId = `${MARK}${newId()}`
  let courseId: string | undefined

  const path = () => {
    if (courseId === undefined) throw new SmokeFailure('there is no course')
    return `${COURSES}/${courseId}`
  }

  async function create(): Promise<string> {
    signal.throwIfAborted()
    const answer = await askWhole('POST', COURSES, { json: { title: TITLE, external_id: externalId } })
    expectStatus(answer, 201)
    courseId = textField(answer.body, 'id')
    const location = answer.headers.get('location') ?? ''
    if (!location.endsWith(path())) throw new SmokeFailure(`Location is ${location || 'missing'}`)
    return ''
  }

  async function read(): Promise<string> {
    const answer = await ask('GET', path())
    expectStatus(answer, 200)
    const [title, found] = [textField(answer.body, 'title'), textField(answer.body, 'external_id')]
    if (title !== TITLE || found !== externalId) throw new SmokeFailure('what is read is not what was written')
    return ''
  }

  async function upload(): Promise<string> {
    const query = new URLSearchParams({ source_type: 'text', filename: 'smoke-test.md' })
    const answer = await ask('POST', `${path()}/materials?${query}`, { text: FILE })
    expectStatus(answer, 201)
    const material = `/api/v1/materials/${textField(answer.body, 'id')}`
    let pause = SHORTEST_PAUSE
    for (const end = Date.now() + waitMs; ; pause = Math.min(LONGEST_PAUSE, pause * 1.4)) {
      const found = await ask('GET', material)
      expectStatus(found, 200)
      const status = textField(found.body, 'status')
      if (status === 'done') return `${FILE.length} bytes`
      if (status === 'error') {
        const code = fieldOf(fieldOf(found.body, 'error'), 'code')
        throw new SmokeFailure(`the file ended as error ${typeof code === 'string' ? code : ''}`)
      }
      if (Date.now() + pause > end)
        throw new SmokeFailure(`still ${status} after ${waitMs / 1_000} s: does a worker run?`)
      await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }

  async function remove(): Promise<string> {
    expectStatus(await ask('DELETE', path()), 204)
    expectStatus(await ask('GET', path()), 404, 'course.not_found')
    return ''
  }

  /** Deletes what is still there, whatever happened before: of this run, and what a killed one has left. */
  async function tidy(): Promise<string> {
    const own = await found(askWhole, `?external_id=${externalId}`)
    const others = (await found(askWhole, '?limit=100')).filter(isLeft)
    const left = [...own, ...others]
    for (const { id } of left) {
      const { status } = await askWhole('DELETE', `${COURSES}/${id}`)
      if (status !== 204 && status !== 404) throw new SmokeFailure(`the course ${id} is still there (${status})`)
    }
    if ((await found(askWhole, `?external_id=${externalId}`)).length > 0)
      throw new SmokeFailure(`the course ${own[0]?.id} stays`)
    return left.length > 0 ? `${left.length} removed` : ''
  }

  return { create, read, upload, remove, tidy }
}

async function found(ask: Ask, query: string): Promise<Listed[]> {
  const answer = await ask('GET', COURSES + query)
  expectStatus(answer, 200)
  const items = fieldOf(answer.body, 'items')
  if (!Array.isArray(items)) throw new SmokeFailure('the list of courses is none')
  return items as Listed[]
}

type Listed = { id: string; title: string; external_id: string | null; created_at: string }

const isLeft = ({ title, external_id, created_at }: Listed) =>
  title === TITLE && external_id?.startsWith(MARK) === true && Date.now() - Date.parse(created_at) > LEFT_MS
