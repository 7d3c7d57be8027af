import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { docx, docxBomb, paragraph } from '#platform/extract/fixtures/docx.ts'
import { type FuzzRun, fuzz } from '#platform/extract/fixtures/fuzz.ts'
import { column, pdf, pdfBomb, pdfOf } from '#platform/extract/fixtures/pdf.ts'
import { box, pptx, pptxBomb, text } from '#platform/extract/fixtures/pptx.ts'
import { deflated, stored, zip } from '#platform/extract/fixtures/zip.ts'
import { createExtractor, type DocumentFormat, ExtractionError } from '#platform/extract/index.ts'
import { build, until } from '#test/build.ts'
import { type Client, createClient } from '#test/client.ts'
import { type RunningProgram, runCommand, startProgram } from '#test/program.ts'

const MB = 1_000_000
const MIB = 1024 * 1024
/** Of resident memory, between two moments that are not the same. */
const GROWTH = 150 * MIB
const DEADLINE_MS = 60_000

const extractor = createExtractor({ limits: { parseMs: DEADLINE_MS } })
let folder: string
let program: RunningProgram | undefined
let client: Client
let course: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-hostile-'))
  const env = { DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'error' }
  program = await startProgram(env)
  const order = ['key', 'create', '--tenant', 'Demo', '--scopes', 'prep', '--rate-prep', '100000', '--json']
  client = createClient(program.url, JSON.parse(await runCommand(env, ...order)).key)
  course = (await build.course(client)).id
}, 120_000)
afterAll(async () => {
  await program?.stop()
  await extractor.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
}, 120_000)

/** How a file ends in a real child: its chunks, or a code. Anything else is thrown. */
async function ending(format: DocumentFormat, bytes: Uint8Array): Promise<string> {
  const body = (async function* () {
    for (let at = 0; at < bytes.length; at += MIB) yield bytes.subarray(at, at + MIB)
  })()
  try {
    await extractor.extract({ format, body, signal: new AbortController().signal })
    return 'chunks'
  } catch (error) {
    if (error instanceof ExtractionError) return error.code
    throw error
  }
}

test('2 000 damaged files of every format end as text or as an error that is known, and soon', {
  timeout: 240_000,
}, async () => {
  const runs: FuzzRun[] = []
  for await (const run of fuzz(2_000, 20_000)) runs.push(run)
  expect(runs.length).toBe(2_000)
  expect(runs.filter(({ ended }) => ended instanceof Error)).toEqual([])
  expect(runs.filter(({ ms }) => ms > 5_000)).toEqual([])
})

const FORMATS: DocumentFormat[] = ['text', 'markdown', 'html', 'docx', 'pptx', 'pdf', 'srt', 'vtt']

test.each(FORMATS)('random bytes named as %s end with chunks or a code in a real child', async (format) => {
  const sizes = [1, 100, 10_000, 1_000_000]
  const endings = await Promise.all(sizes.map((size) => ending(format, randomBytes(size))))
  const known = /^chunks$|^extract\.(?:unreadable|empty)$/
  expect(endings.filter((each) => !known.test(each))).toEqual([])
})

const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>'
const nested = (depth: number, inner: Buffer): Buffer =>
  depth === 0 ? inner : nested(depth - 1, zip([deflated('word/document.xml', inner)]))
const line = (length: number) => Buffer.alloc(length, 'слово ')
const cue = Buffer.from('1\n00:00:01,000 --> 00:00:02,000\n')
/** It says that it is one byte long. */
const lying = { ...deflated('word/document.xml', Buffer.alloc(60 * MIB, ' ')), size: 1 }

const hostile: [string, string, () => Buffer | Promise<Buffer>, RegExp][] = [
  ['a flat archive of 500 MB', 'а.docx', () => docxBomb(500 * MB), /too_large/],
  ['a flat archive of 500 MB', 'а.pptx', () => pptxBomb(500 * MB), /too_large/],
  ['an archive that lies of its size', 'б.docx', () => docxBomb(200 * MB, { declaredSize: 100 }), /too_large/],
  ['a part that lies of its size', 'в.docx', () => zip([lying]), /unreadable|too_large/],
  ['archives in archives', 'г.docx', () => nested(50, Buffer.alloc(MIB)), /unreadable/],
  ['archives in parts that nobody asks for', 'ґ.docx', withNested, /^done$/],
  ['a stream of 2 GB', 'а.pdf', () => pdfBomb(2_048 * MIB), /out_of_memory|timeout/],
  ['a million pages', 'б.pdf', millionPages, /too_large/],
  ['a page count that is a lie', 'в.pdf', lyingPages, /empty|too_large/],
  ['a line of 100 MB', 'а.txt', () => line(100 * MB), /too_large/],
  ['a line of 100 MB', 'а.md', () => line(100 * MB), /too_large/],
  ['a line of 100 MB', 'а.html', () => line(100 * MB), /too_large/],
  ['a line of 100 MB', 'а.srt', () => Buffer.concat([cue, line(100 * MB)]), /too_large/],
  ['a line of 30 MB', 'б.txt', () => line(30 * MB), /^done$|too_large/],
  ['a line of 30 MB', 'б.md', () => line(30 * MB), /^done$|unreadable|too_large|out_of_memory|timeout/],
  ['a line of 30 MB', 'б.html', () => line(30 * MB), /^done$|too_large|out_of_memory|timeout/],
  ['a line of 30 MB', 'б.srt', () => Buffer.concat([cue, line(30 * MB)]), /^done$|too_large/],
  ['a million divs in each other', 'в.html', () => Buffer.from('<div>'.repeat(MB)), /unreadable/],
  ['a million quotations in each other', 'в.md', () => Buffer.from(`${'>'.repeat(MB)} дно`), /unreadable|timeout/],
  ['a million brackets', 'г.md', () => Buffer.from('['.repeat(MB)), /^done$|unreadable|timeout/],
  ['a million elements in each other', 'д.docx', () => deepXml('word/document.xml'), /unreadable|too_large/],
  ['a million elements in each other', 'б.pptx', () => deepXml('ppt/presentation.xml'), /unreadable|too_large/],
  ['JSON a million levels deep', 'в.txt', () => Buffer.from('['.repeat(MB) + ']'.repeat(MB)), /^done$/],
  ['half a document', 'є.docx', () => half(docx(paragraph('текст'.repeat(500)))), /unreadable/],
  ['half a presentation', 'в.pptx', () => half(pptx([{ shapes: box(text('текст')) }])), /unreadable/],
  ['half a PDF', 'г.pdf', () => half(pdf([{ texts: column(['Речення.']) }])), /^done$|unreadable|empty/],
  ['a playlist of what it has no right to', 'а.mp4', playlist, /unreadable/],
  ['a Word document that is said to be a film', 'б.mp4', () => docx(paragraph('текст')), /unreadable/],
  ['a film that is noise after its beginning', 'в.mp4', () => noise('0000002066747970'), /^media\.|unreadable/],
  ['a recording that is noise after its beginning', 'а.mp3', () => noise('4944330400000000'), /^media\.|unreadable/],
  ['a recording that is noise after its beginning', 'а.wav', () => noise(RIFF), /^media\.|unreadable|configured/],
  ['a film that is noise after its beginning', 'а.mkv', () => noise('1a45dfa300000000'), /^media\.|unreadable/],
]

const RIFF = `524946460000010057415645666d7420${'00'.repeat(8)}`

test('a server that is fed hostile files answers everyone else, keeps its memory, and ends each with a code', {
  timeout: 900_000,
}, async () => {
  const { pid } = program ?? { pid: 0 }
  await build.readMaterial(client, course)
  const before = await residentBytes(pid)
  const watch = watchAnswers(client)
  const ids = new Map<string, string>()
  for (const [, filename, make] of hostile) ids.set(filename, await upload(filename, await make()))
  const endings = new Map<string, string>()
  for (const [filename, id] of ids) endings.set(filename, await endOf(id))
  const { statuses, slowest, count } = await watch.end()

  const wrong = hostile.filter(([, filename, , expected]) => !expected.test(endings.get(filename) ?? ''))
  expect(wrong.map(([name, filename]) => [name, filename, endings.get(filename)])).toEqual([])
  expect(statuses).toEqual(new Set([200]))
  expect(count).toBeGreaterThan(20)
  expect(slowest).toBeLessThan(5_000)
  // What garbage the uploads have left is not what stays.
  const after = await until(
    () => residentBytes(pid),
    (bytes) => bytes - before < GROWTH,
    60,
  )
  expect(after - before).toBeLessThan(GROWTH)
  // And it still does its work.
  expect((await build.readMaterial(client, course, { filename: 'після.md' })).status).toBe('done')
})

async function upload(filename: string, body: Uint8Array): Promise<string> {
  const type = /(?:srt|mp4|mp3|wav|mkv)$/.test(filename) ? 'video' : /pptx$/.test(filename) ? 'presentation' : 'text'
  const query = new URLSearchParams({ source_type: type, filename })
  const answer = await client.request('POST', `/courses/${course}/materials?${query}`, {
    body,
    headers: { 'content-type': 'application/octet-stream' },
  })
  expect([filename, answer.status, answer.body.code]).toEqual([filename, 201, undefined])
  return answer.body.id
}

async function endOf(id: string): Promise<string> {
  const { body } = await until(
    () => client.get(`/materials/${id}`),
    (answer) => ['done', 'error'].includes(answer.body.status),
    DEADLINE_MS / 200,
  )
  return body.status === 'done' ? 'done' : body.error.code
}

/** Asks as a client and a balancer would, until told to stop. An address may not ask for the health without end. */
function watchAnswers(client: Client) {
  const statuses = new Set<number>()
  let [slowest, count, isOver] = [0, 0, false]
  async function ask(path: string, pauseMs: number): Promise<void> {
    while (!isOver) {
      const started = performance.now()
      statuses.add((await client.get(path)).status)
      slowest = Math.max(slowest, performance.now() - started)
      count += 1
      await sleep(pauseMs)
    }
  }
  const asking = Promise.all([ask('//health', 2_000), ask('/courses', 200)])
  return {
    async end() {
      isOver = true
      await asking
      return { statuses, slowest, count }
    },
  }
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

function withNested(): Buffer {
  const inner = zip([deflated('бомба', Buffer.alloc(50 * MIB))])
  return docx(paragraph('текст'), { more: [deflated('word/embeddings/архів.zip', inner)] })
}

function millionPages(): Buffer {
  const kids = '3 0 R '.repeat(MB)
  return pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', `<< /Type /Pages /Count ${MB} /Kids [${kids}] >>`, page])
}

function lyingPages(): Buffer {
  return pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', `<< /Type /Pages /Count ${MB} /Kids [3 0 R] >>`, page])
}

function deepXml(name: string): Buffer {
  return zip([stored('[Content_Types].xml', '<Types/>'), deflated(name, '<a>'.repeat(MB) + '</a>'.repeat(MB))])
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length / 2))
}

function playlist(): Buffer {
  return Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXTINF:1,\nhttp://169.254.169.254/\n')
}

function noise(start: string): Buffer {
  return Buffer.concat([Buffer.from(start, 'hex'), randomBytes(100_000)])
}
