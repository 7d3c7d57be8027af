import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { column, PAGE, pdf } from '#platform/extract/fixtures/pdf.ts'
import { createMedia } from '#platform/media/index.ts'
import { startApp, type TestApp } from '#test/app.ts'
import { build, until } from '#test/build.ts'
import { startModel } from '#test/fakes/llm/server.ts'
import { filesBelow } from '#test/files-below.ts'

// From an upload to its chunks with the real programs: films by ffmpeg, pages by Poppler. Only the models are ours.

const run = promisify(execFile)
const CUES = "1\n00:00:01,000 --> 00:00:03,500\nЗмінна — це ім'я, за яким програма зберігає значення.\n"

let folder: string
let model: Awaited<ReturnType<typeof startModel>>
let app: TestApp
let school: Awaited<ReturnType<TestApp['as']>>
let course: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-reading-'))
  model = await startModel()
  const keys = { openai: { apiKey: 'test-key', baseUrl: model.baseUrls.openai } }
  app = await startApp({ worker: true, llm: { keys }, media: createMedia({ log: { warn: () => undefined } }) })
  school = await app.as('Школа «Їжак»')
  course = (await build.course(school)).id
})
afterAll(async () => {
  await app.close()
  await model.close()
  await rm(folder, { recursive: true, force: true })
})

async function film(name: string, ...more: string[]): Promise<Buffer> {
  const path = join(folder, name)
  const picture = ['-f', 'lavfi', '-i', 'color=c=blue:s=64x64:r=1:d=30']
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=300:duration=30']
  await run('ffmpeg', ['-v', 'error', ...picture, ...sound, ...more, '-c:a', 'aac', '-shortest', path])
  return readFile(path)
}

async function add(filename: string, bytes: Uint8Array, type: string) {
  const query = new URLSearchParams({ source_type: type, filename })
  const { status, body } = await school.request('POST', `/courses/${course}/materials?${query}`, {
    body: bytes,
    headers: { 'content-type': 'application/octet-stream' },
  })
  expect([status, body.status]).toEqual([201, 'pending'])
  return build.read(school, body.id)
}

const chunksOf = async (id: string) => (await school.get(`/materials/${id}/chunks`)).body.items
const left = () =>
  until(
    () => filesBelow(app.scratchFolder).catch(() => []),
    (files) => files.length === 0,
  )

test('a film is heard, and billed by its length', async () => {
  const { id, status, error } = await add('Лекція № 1.mp4', await film('sound.mp4'), 'video')
  expect([status, error]).toEqual(['done', null])
  const chunks = await chunksOf(id)
  expect(chunks.length).toBeGreaterThan(0)
  expect(chunks[0]).toMatchObject({ kind: 'passage', locator: { start: expect.any(Number), end: expect.any(Number) } })
  const { body: cost } = await school.get('/reports/cost')
  // whisper-1 is 0.006 USD a minute, and the film is half a minute and a frame.
  expect(cost.by_action).toMatchObject([
    { group: 'transcription', calls: 1, cost_usd: expect.stringMatching(/^0\.003/) },
  ])
  await left()
})

test('a film with subtitles is read by them, for nothing', async () => {
  await writeFile(join(folder, 'cues.srt'), CUES)
  const calls = model.calls.length
  const subtitles = ['-i', join(folder, 'cues.srt'), '-map', '0:v', '-map', '1:a', '-map', '2:s', '-c:s', 'srt']
  const { id, status } = await add('Лекція № 2.mkv', await film('cues.mkv', ...subtitles), 'video')
  expect(status).toBe('done')
  expect(await chunksOf(id)).toEqual([
    {
      ...{ order: 1, kind: 'passage', text: "Змінна — це ім'я, за яким програма зберігає значення." },
      // The container puts everything off by what its sound begins with: 23 ms.
      locator: { start: expect.closeTo(1, 1), end: expect.closeTo(3.5, 1) },
    },
  ])
  expect(model.calls.length).toBe(calls)
  await left()
})

test('a page of pictures is drawn, sent and described after its words', async () => {
  const slide = { images: [{ x: 0, y: 0, ...PAGE }], texts: column(['Схема обміну']) }
  const { id, status, error } = await add('слайди.pdf', pdf([slide]), 'presentation')
  expect([status, error]).toEqual(['done', null])
  expect(await chunksOf(id)).toContainEqual(expect.objectContaining({ kind: 'description', locator: { page: 1 } }))
  await left()
})
