import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, extname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { pdf } from '#platform/extract/fixtures/pdf.ts'
import { createMedia, type MediaCode, MediaError, type MediaLimits } from '#platform/media/index.ts'
import { mediaCodes } from '#platform/media/media.ts'

const run = promisify(execFile)
const never = new AbortController().signal
const MIB = 1024 * 1024
const CUES = `1
00:00:01,000 --> 00:00:03,500
Змінна — це ім'я, за яким програма зберігає значення.

2
00:00:04,000 --> 00:00:06,000
Їжак, ґанок, «лапки».

`
let folder: string
let film: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'media-system-'))
  await writeFile(join(folder, 'cues.srt'), CUES)
  film = path("Лекція № 1 «Змінні» — 'перша'.mp4")
  await makeFilm(film, ['-c:s', 'mov_text'])
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const path = (name: string) => join(folder, name)

async function ffmpeg(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args])
}

/** Speech as a machine hears it: tones of eight seconds, each followed by two of silence. */
function tones(seconds: number): string[] {
  return ['-f', 'lavfi', '-i', `aevalsrc='0.3*sin(2*PI*300*t)*lt(mod(t,10),8)':s=16000:d=${seconds}`]
}

/** Eleven minutes of a picture, sound, and subtitles in Ukrainian. */
async function makeFilm(target: string, options: string[]): Promise<void> {
  const picture = ['-f', 'lavfi', '-i', 'color=c=blue:s=64x64:r=1:d=650']
  const languages = ['-metadata:s:s:0', 'language=ukr', '-metadata:s:a:0', 'language=ukr']
  const sound = ['-map', '0:v', '-map', '1:a', '-map', '2:s', ...languages]
  await ffmpeg(...picture, ...tones(650), '-i', path('cues.srt'), ...sound, ...options, target)
}

function mediaWith(limits: Partial<MediaLimits> = {}) {
  const warn = vi.fn()
  return { media: createMedia({ limits, log: { warn } }), warn }
}

/** A folder for pieces, of the test's own. */
async function pieceFolder(): Promise<string> {
  const own = await mkdtemp(join(folder, 'шматки-'))
  onTestFinished(() => rm(own, { recursive: true, force: true }))
  return own
}

async function codeOf(work: Promise<unknown>): Promise<MediaCode | 'ok'> {
  try {
    await work
    return 'ok'
  } catch (error) {
    if (error instanceof MediaError) return error.code
    throw error
  }
}

async function secondsOf(file: string): Promise<number> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', file])
  return Number(stdout)
}

test('what a film holds', async () => {
  const { media } = mediaWith()
  const info = await media.probe(film, { signal: never })
  expect(info).toEqual({ seconds: expect.closeTo(650, 0), hasAudio: true, subtitles: [{ stream: 2, language: 'ukr' }] })
})

test.each([
  ['mkv', 'srt'],
  ['mkv', 'ass'],
  ['webm', 'webvtt'],
  ['mov', 'mov_text'],
])('the subtitles of a .%s in %s are SubRip in UTF-8', async (extension, codec) => {
  const target = path(`субтитри-${codec}.${extension}`)
  const sound = extension === 'webm' ? 'libopus' : 'aac'
  await ffmpeg(...tones(10), '-i', path('cues.srt'), '-map', '0', '-map', '1', '-c:a', sound, '-c:s', codec, target)
  const { media } = mediaWith()
  const { subtitles } = await media.probe(target, { signal: never })
  expect(subtitles).toEqual([{ stream: 1, language: null }])
  const text = Buffer.from(await media.subtitles(target, { stream: 1, signal: never })).toString('utf8')
  const times = /00:00:01,0\d\d --> 00:00:03,5\d\d\n/
  expect(text).toMatch(times)
  expect(text).toContain("Змінна — це ім'я, за яким програма зберігає значення.")
  expect(text).toContain('Їжак, ґанок, «лапки».')
})

test('a forced track is not the subtitles of all that is said', async () => {
  const target = path('вивіски.mkv')
  const forced = ['-c:s', 'srt', '-disposition:s:0', 'forced']
  await ffmpeg(...tones(10), '-i', path('cues.srt'), '-map', '0', '-map', '1', ...forced, target)
  const { media } = mediaWith()
  expect((await media.probe(target, { signal: never })).subtitles).toEqual([])
})

test('the sound is cut in silences, the same every time, and no more is left than its pieces', async () => {
  const { media } = mediaWith()
  const own = await pieceFolder()
  const pieces = await media.pieces(film, { folder: own, signal: never })
  expect(pieces.map((piece) => basename(piece.path))).toEqual(['piece-0000.mp3', 'piece-0001.mp3'])
  const [first, second] = pieces
  // The latest of the silences between five and ten minutes: 9:58–10:00, and its middle.
  expect(first).toMatchObject({ start: 0, seconds: expect.closeTo(599, 0) })
  expect(second?.start).toBe(first?.seconds)
  for (const piece of pieces) {
    expect(await secondsOf(piece.path)).toBeCloseTo(piece.seconds, 1)
    expect((await stat(piece.path)).size).toBeLessThan(4 * MIB)
  }
  const again = await pieceFolder()
  const others = await media.pieces(film, { folder: again, signal: never })
  expect(others.map(({ start, seconds }) => ({ start, seconds }))).toEqual(
    pieces.map(({ start, seconds }) => ({ start, seconds })),
  )
  expect(await readFile(others[1]?.path ?? '')).toEqual(await readFile(second?.path ?? ''))
  expect((await run('ls', [own])).stdout.trim().split('\n')).toHaveLength(2)
})

test.each(['mp3', 'm4a', 'wav', 'webm', 'mkv', 'mov'])('sound in a .%s', async (extension) => {
  const target = path(`звук.${extension}`)
  await ffmpeg(...tones(15), target)
  const { media } = mediaWith()
  expect(await media.probe(target, { signal: never })).toMatchObject({ seconds: expect.closeTo(15, 0), hasAudio: true })
  const pieces = await media.pieces(target, { folder: await pieceFolder(), signal: never })
  expect(pieces).toMatchObject([{ start: expect.closeTo(0, 1), seconds: expect.closeTo(15, 0) }])
})

test('what a browser records does not say how long it is, and is measured', async () => {
  const target = path('з-браузера.webm')
  await ffmpeg(...tones(20), '-c:a', 'libopus', '-f', 'webm', '-live', '1', target)
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', target])
  expect(stdout.trim()).toBe('N/A')
  const { media } = mediaWith()
  expect((await media.probe(target, { signal: never })).seconds).toBeCloseTo(20, 0)
})

test('sound that begins late, or pauses, keeps its time', async () => {
  const late = path('мікрофон-увімкнули-пізно.mkv')
  const picture = ['-f', 'lavfi', '-i', 'color=c=blue:s=64x64:r=1:d=7000']
  await ffmpeg(...picture, '-itsoffset', '6900', ...tones(30), '-map', '0', '-map', '1', late)
  const { media } = mediaWith()
  const [piece] = await media.pieces(late, { folder: await pieceFolder(), signal: never })
  expect(piece).toMatchObject({ start: expect.closeTo(6900, 0), seconds: expect.closeTo(30, 0) })

  const gap = path('пауза-в-записі.mkv')
  const jump = 'setts=ts=if(gt(N\\,200)\\,TS+1000/TB\\,TS)'
  await ffmpeg(...tones(20), '-c:a', 'flac', path('без-паузи.mkv'))
  await ffmpeg('-i', path('без-паузи.mkv'), '-c', 'copy', '-bsf:a', jump, gap)
  const pieces = await media.pieces(gap, { folder: await pieceFolder(), signal: never })
  const last = pieces.at(-1)
  expect((last?.start ?? 0) + (last?.seconds ?? 0)).toBeCloseTo(await secondsOf(gap), 0)
})

test('a film without sound', async () => {
  const target = path('німе.mp4')
  await ffmpeg('-f', 'lavfi', '-i', 'color=c=blue:s=64x64:r=1:d=5', target)
  const { media } = mediaWith()
  expect(await media.probe(target, { signal: never })).toMatchObject({ hasAudio: false, subtitles: [] })
  expect(await codeOf(media.pieces(target, { folder: await pieceFolder(), signal: never }))).toBe('media.no_sound')
})

test('a page as a picture of a size that a model takes', async () => {
  const document = path('Слайди «Змінні».pdf')
  await writeFile(document, pdf([{}, { images: [{ x: 50, y: 50, width: 300, height: 300 }] }]))
  const { media } = mediaWith()
  const { bytes, mediaType } = await media.drawPage(document, { page: 2, signal: never })
  expect(mediaType).toBe('image/jpeg')
  const drawn = path('сторінка.jpg')
  await writeFile(drawn, bytes)
  const { stdout } = await run('ffprobe', [
    '-v',
    'error',
    '-show_entries',
    'stream=width,height',
    '-of',
    'csv=p=0',
    drawn,
  ])
  expect(stdout.trim()).toBe('1200,1600')
  expect(await codeOf(media.drawPage(document, { page: 3, signal: never }))).toBe('media.unreadable')
  const tiny = mediaWith({ maxPageBytes: 1000 }).media
  expect(await codeOf(tiny.drawPage(document, { page: 2, signal: never }))).toBe('media.unreadable')
})

test('pages that are enormous, or of no PDF', async () => {
  const { media } = mediaWith()
  const enormous = path('полотно.pdf')
  await writeFile(
    enormous,
    pdf([{}]).toString('latin1').replace('/MediaBox [0 0 600 800]', '/MediaBox [0 0 6e8 8e8]'),
    'latin1',
  )
  expect(['ok', ...mediaCodes]).toContain(await codeOf(media.drawPage(enormous, { page: 1, signal: never })))
  const noise = path('шум.pdf')
  await writeFile(noise, randomBytes(10_000))
  expect(await codeOf(media.drawPage(noise, { page: 1, signal: never }))).toBe('media.unreadable')
})

test('a file that names others, or addresses, opens none of them', { timeout: 180_000 }, async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    response.end('#EXTM3U\n')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sound = path('чуже.wav')
  await ffmpeg(...tones(3), sound)
  const hostile = {
    'hls-file': `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://${sound}\n#EXT-X-ENDLIST\n`,
    'hls-url': `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n${url}/a.ts\n#EXT-X-ENDLIST\n`,
    'hls-passwd': '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n',
    'hls-concat': `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nconcat:${url}/a|subfile,,start,0,end,9,,:/etc/passwd\n#EXT-X-ENDLIST\n`,
    concat: `ffconcat version 1.0\nfile '${sound}'\nfile '/etc/passwd'\n`,
    'concat-url': `ffconcat version 1.0\nfile '${url}/a.mp4'\n`,
    dash: `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>${url}/</BaseURL></MPD>`,
    svg: `<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/><image href="${url}/a.png"/></svg>`,
    sdp: 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n',
    subtitles: CUES,
  }
  const { media } = mediaWith()
  for (const [name, text] of Object.entries(hostile)) {
    for (const extension of ['mp4', 'm3u8']) {
      const target = path(`${name}.${extension}`)
      await writeFile(target, text)
      expect([name, await codeOf(media.probe(target, { signal: never }))]).toEqual([name, 'media.unreadable'])
    }
    const target = path(`${name}.mp4`)
    const own = await pieceFolder()
    expect([name, await codeOf(media.pieces(target, { folder: own, signal: never }))]).toEqual([
      name,
      'media.unreadable',
    ])
    expect(await codeOf(media.subtitles(target, { stream: 0, signal: never }))).toBe('media.unreadable')
    expect((await run('ls', [own])).stdout).toBe('')
  }
  expect(asked).toBe(0)
})

test('truncated files and noise end with a code, soon', { timeout: 300_000 }, async () => {
  const short = path('коротке.mp4')
  await ffmpeg(...tones(12), '-i', path('cues.srt'), '-map', '0', '-map', '1', '-c:s', 'mov_text', short)
  const started = path('коротке.mkv')
  await ffmpeg('-i', short, '-map', '0', '-c:a', 'copy', '-c:s', 'srt', started)
  const sound = path('коротке.mp3')
  await ffmpeg('-i', short, '-map', '0:a', sound)
  const { media } = mediaWith()
  const seen: Record<string, number> = {}
  async function see(target: string): Promise<void> {
    const own = await pieceFolder()
    const codes = await Promise.all([
      codeOf(media.probe(target, { signal: never })),
      codeOf(media.pieces(target, { folder: own, signal: never })),
    ])
    for (const code of codes) seen[`${extname(target)} ${code}`] = (seen[`${extname(target)} ${code}`] ?? 0) + 1
  }
  for (const whole of [short, started, sound]) {
    const bytes = await readFile(whole)
    for (let part = 0; part < 20; part += 1) {
      const target = path(`уривок${extname(whole)}`)
      await writeFile(target, bytes.subarray(0, Math.floor((bytes.length * part) / 20)))
      await see(target)
    }
  }
  for (const extension of ['mp4', 'webm', 'mkv', 'mov', 'mp3', 'm4a', 'wav']) {
    const target = path(`шум.${extension}`)
    await writeFile(target, randomBytes(100_000))
    await see(target)
  }
  expect(Object.keys(seen).filter((key) => /too_long|timeout|tool/.test(key))).toEqual([])
  expect(seen['.mkv ok']).toBeGreaterThan(20)
})

test('a film that declares ten hours is too long, and so is one that does not say so', async () => {
  const { media } = mediaWith()
  const wave = path('десять-годин.wav')
  await ffmpeg(...tones(1), wave)
  // RIFF: bytes of the data, at 16 kHz and 16 bits, in a file that has one second of it.
  const file = await open(wave, 'r+')
  const head = Buffer.alloc(200)
  await file.read(head, 0, head.length, 0)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(10 * 3600 * 32_000)
  await file.write(size, 0, 4, head.indexOf('data') + 4)
  await file.truncate(10 * 3600 * 32_000)
  await file.close()
  await expect(media.probe(wave, { signal: never })).rejects.toMatchObject({
    code: 'media.too_long',
    message: 'The recording is longer than 6 hours, which is the limit: upload it in parts.',
  })
  const impatient = mediaWith({ maxSeconds: 60 })
  const code = await codeOf(impatient.media.pieces(film, { folder: await pieceFolder(), signal: never }))
  expect(code).toBe('media.too_long')
  const live = path('з-браузера-довге.webm')
  await ffmpeg(...tones(100), '-c:a', 'libopus', '-f', 'webm', '-live', '1', live)
  expect(await codeOf(impatient.media.probe(live, { signal: never }))).toBe('media.too_long')
})

test('at its deadline, or when aborted, the work ends and leaves no whole sound behind', async () => {
  const slow = mediaWith({ soundMs: 50 })
  const own = await pieceFolder()
  expect(await codeOf(slow.media.pieces(film, { folder: own, signal: never }))).toBe('media.timeout')
  const controller = new AbortController()
  const ending = mediaWith().media.pieces(film, { folder: own, signal: controller.signal })
  setTimeout(() => controller.abort(new Error('годі')), 200)
  await expect(ending).rejects.toThrow('годі')
  expect((await run('ls', [own])).stdout).toBe('')
})

test('a file that is not there is not a file that cannot be read', async () => {
  const { media } = mediaWith()
  await expect(media.probe(path('немає.mp4'), { signal: never })).rejects.toMatchObject({ code: 'ENOENT' })
})

test('memory does not grow with the film', { timeout: 180_000 }, async () => {
  const large = path('велике.mov')
  const frames = ['-f', 'lavfi', '-i', 'color=c=blue:s=1280x720:r=25:d=5']
  await ffmpeg(
    ...frames,
    '-i',
    film,
    '-map',
    '0:v',
    '-map',
    '1:a',
    '-c:v',
    'rawvideo',
    '-pix_fmt',
    'uyvy422',
    '-c:a',
    'copy',
    large,
  )
  expect((await stat(large)).size).toBeGreaterThan(200 * MIB)
  // Address space, of which the libraries take 300 MiB.
  const { media } = mediaWith({ memoryBytes: 400 * MIB })
  expect((await media.probe(large, { signal: never })).hasAudio).toBe(true)
  const pieces = await media.pieces(large, { folder: await pieceFolder(), signal: never })
  expect(pieces).toHaveLength(2)
})
