// What reading materials costs: time, and the memory of the processes that read. See docs/materials.md.
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { createExtractor } from '#platform/extract/extractor.ts'
import { column, pdf } from '#platform/extract/fixtures/pdf.ts'
import { box, place, pptx, slideTable, text } from '#platform/extract/fixtures/pptx.ts'
import type { DocumentFormat } from '#platform/extract/index.ts'
import { createMedia } from '#platform/media/index.ts'
import { watchChildren } from './memory.ts'
import { canMeasure } from './meter.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })

const say = (line: string) => void process.stdout.write(`${line}\n`)
const signal = new AbortController().signal
const [extractor, media] = [createExtractor(), createMedia()]

/** Reads the file at that path; returns how many chunks it gives. */
type Case = { name: string; file: string; make(path: string): Promise<unknown>; read(path: string): Promise<number> }

const SENTENCE = 'Змінна — це ім’я, за яким програма зберігає значення, а присвоювання записує його туди.'
const times = (count: number, make: (at: number) => string) => Array.from({ length: count }, (_, at) => make(at))

const cases: Case[] = [
  {
    ...{ name: 'PDF, 200 pages', file: 'book.pdf' },
    make: (path) => writeFile(path, bookOf(200)),
    read: (path) => readDocument(path, 'pdf'),
  },
  {
    ...{ name: 'PPTX, 100 slides', file: 'slides.pptx' },
    make: (path) => writeFile(path, slidesOf(100)),
    read: (path) => readDocument(path, 'pptx'),
  },
  {
    ...{ name: 'subtitles, 1 hour', file: 'lecture.srt' },
    make: (path) => writeFile(path, subtitlesOf(3_600)),
    read: (path) => readDocument(path, 'srt'),
  },
  {
    ...{ name: 'video, 5 minutes', file: 'film.mp4' },
    make: (path) => makeFilm(path, 300),
    read: readFilm,
  },
]

async function run() {
  if (!canMeasure()) throw new Error('The memory of other processes is told by Linux only.')
  const folder = await mkdtemp(join(tmpdir(), 'bench-materials-'))
  try {
    say(`median of ${values.rounds}; Node.js ${process.versions.node}, ${availableParallelism()} cores\n`)
    say('| | time, s | peak RSS, MiB | chunks |\n| --- | ---: | ---: | ---: |')
    for (const { name, file, make, read } of cases) {
      const path = join(folder, file)
      await make(path)
      const rounds: Awaited<ReturnType<typeof watchChildren<number>>>[] = []
      for (let round = 0; round < Number(values.rounds); round += 1) rounds.push(await watchChildren(() => read(path)))
      const middle = (of: (round: (typeof rounds)[number]) => number) =>
        rounds.map(of).toSorted((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? Number.NaN
      const [seconds, mib] = [middle(({ ms }) => ms) / 1_000, middle(({ peakBytes }) => peakBytes) / 2 ** 20]
      say(`| ${name} | ${seconds.toFixed(2)} | ${mib.toFixed(0)} | ${rounds[0]?.result} |`)
    }
  } finally {
    await extractor.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function readDocument(path: string, format: DocumentFormat): Promise<number> {
  return (await extractor.extract({ format, body: createReadStream(path), signal })).chunks.length
}

/** All that a worker does but ask a provider: that a transcript comes back at once is made up. */
async function readFilm(path: string): Promise<number> {
  const folder = await mkdtemp(`${path}-`)
  const { seconds } = await media.probe(path, { signal })
  await media.pieces(path, { folder, signal })
  async function* heard() {
    yield Buffer.from(subtitlesOf(seconds))
  }
  return (await extractor.extract({ format: 'srt', body: heard(), signal })).chunks.length
}

function bookOf(pages: number): Buffer {
  // A line holds 100 characters of 5 points.
  const page = (at: number) => ({ texts: column([`Розділ ${at + 1}`, ...times(45, (line) => `${line}. ${SENTENCE}`)]) })
  return pdf(
    Array.from({ length: pages }, (_, at) => page(at)),
    { compressed: true },
  )
}

function slidesOf(slides: number): Buffer {
  const body = (at: number) => times(6, (line) => text(`${at}.${line} ${SENTENCE}`)).join('')
  const rows = times(5, (row) => `Рядок ${row}`).map((cell) => [cell, SENTENCE, '42'])
  return pptx(
    Array.from({ length: slides }, (_, at) => ({
      shapes: place(text(`Тема ${at + 1}`), { type: 'title' }) + box(body(at)) + slideTable(rows),
      notes: text(`${SENTENCE} ${SENTENCE}`),
    })),
  )
}

function subtitlesOf(seconds: number): string {
  const clock = (at: number) => `${new Date(at * 1_000).toISOString().slice(11, 19)},000`
  return times(
    Math.floor(seconds / 5),
    (at) => `${at + 1}\n${clock(at * 5)} --> ${clock(at * 5 + 5)}\n${SENTENCE}\n`,
  ).join('\n')
}

/** A picture that changes, and sound with a silence every 20 seconds: https://ffmpeg.org/ffmpeg-filters.html#Multimedia-Sources */
async function makeFilm(path: string, seconds: number): Promise<void> {
  const sound = `aevalsrc='0.5*sin(2*PI*440*t)*lt(mod(t,20),18)':d=${seconds}`
  const inputs = ['-f', 'lavfi', '-i', `testsrc2=s=1280x720:r=25:d=${seconds}`, '-f', 'lavfi', '-i', sound]
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac']
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...inputs, ...coding, path])
}

await run()
