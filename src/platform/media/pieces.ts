import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MediaError } from './errors.ts'
import { inputOf, quiet } from './ffmpeg.ts'
import type { MediaLimits } from './limits.ts'
import type { MediaCode, Piece } from './media.ts'
import { tooLong } from './probe.ts'
import { type MediaLog, runProgram } from './run-program.ts'
import { BEGINNING, planPieces, readSound, type Span } from './silences.ts'

type Options = { folder: string; signal: AbortSignal; limits: MediaLimits; log: MediaLog | undefined }
type Start = (args: readonly string[], maxStdoutBytes: number) => Promise<Buffer>

/** OpenAI refuses a recording below a tenth of a second. */
const MIN_SECONDS = 0.1
const MIB = 1024 * 1024
const BYTES_PER_SECOND = 6_000
const WHOLE = 'whole.mp3'

// MP3 is what every transcription endpoint takes, and at a constant rate ten minutes are 3.6 MB whatever is heard: as FLAC or WAV they
// may be 19 MB, too much in Base64 for those that allow a request 20 MB. Whisper listens at 16 kHz. Without bit reservoir, header and
// tags every frame stands for itself: the size tells the length, and pieces are cut out as they are, the same whenever the file is.
const SOUND = ['-c:a', 'libmp3lame', '-b:a', String(BYTES_PER_SECOND * 8), '-reservoir', '0', '-bitexact']
const UNTOLD = ['-map_metadata', '-1', '-map_chapters', '-1']

// A gap in the sound is filled with silence, so that what follows keeps its time (async); as all of it is held in memory, that happens
// where a second is least. Quieter than -35 dB for 0.4 s is a pause between sentences. What is found is written to stdout, and so is the
// time of the first frame: sound may begin long after the picture.
const FILTERS = [
  'aformat=sample_fmts=s16:sample_rates=16000:channel_layouts=mono',
  'aresample=async=1',
  'silencedetect=noise=-35dB:duration=0.4',
  `ametadata=mode=add:key=${BEGINNING}:value=here:enable=eq(n\\,0)`,
  'ametadata=mode=print:file=-',
].join(',')
/** Six hours of nothing but short pauses are 10 MB of lines. */
const MAX_LINES_BYTES = 16 * MIB
const MAX_LIST_BYTES = MIB

/** The sound of a film, by ffmpeg: decoded once into a small file, of which pieces are then cut at silences. */
export async function cutPieces(path: string, { folder, signal, limits, log }: Options): Promise<Piece[]> {
  const fileBytes = limits.maxSeconds * BYTES_PER_SECOND + MIB
  const common = { program: 'ffmpeg', cwd: folder, ms: limits.soundMs, memoryBytes: limits.memoryBytes, fileBytes }
  const start: Start = (args, maxStdoutBytes) =>
    runProgram({ ...common, args: [...quiet, '-y', ...args], maxStdoutBytes, faultOf, signal, log })
  const whole = join(folder, WHOLE)
  try {
    const { begins, silences } = await decode(path, limits, start)
    const seconds = (await stat(whole)).size / BYTES_PER_SECOND
    if (seconds === 0) throw new MediaError('media.unreadable')
    if (seconds < MIN_SECONDS) throw new MediaError('media.no_sound')
    if (begins + seconds > limits.maxSeconds) throw tooLong(limits)
    const pieces = await cut(folder, planPieces(silences, seconds), start)
    return pieces.map((piece) => ({ ...piece, start: rounded(begins + piece.start), seconds: rounded(piece.seconds) }))
  } finally {
    await rm(whole, { force: true })
  }
}

async function decode(path: string, { maxSeconds }: MediaLimits, start: Start) {
  const input = [...inputOf(path), '-vn', '-sn', '-dn', '-filter_threads', '1', '-af', FILTERS]
  // Beyond the limit, to see that it is exceeded, whatever the header said.
  const output = ['-t', String(maxSeconds + 1), ...SOUND, ...UNTOLD, '-write_xing', '0', '-id3v2_version', '0', WHOLE]
  return readSound((await start([...input, ...output], MAX_LINES_BYTES)).toString('utf8'))
}

/** Cuts between the frames nearest to where it was planned, 36 ms of sound each; the pieces say where that was. */
async function cut(folder: string, planned: readonly Span[], start: Start): Promise<Piece[]> {
  const [only, ...others] = planned
  if (only !== undefined && others.length === 0) {
    const path = join(folder, nameOf(0))
    await rename(join(folder, WHOLE), path)
    return [{ path, ...only }]
  }
  const times = others.map((piece) => piece.start.toFixed(3)).join(',')
  const bare = 'write_xing=0:id3v2_version=0'
  const files = ['-f', 'segment', '-segment_format', 'mp3', '-segment_format_options', bare, 'piece-%04d.mp3']
  const list = ['-segment_list', 'pipe:1', '-segment_list_type', 'csv', '-segment_times', times]
  const written = await start([...inputOf(join(folder, WHOLE)), '-c', 'copy', ...list, ...files], MAX_LIST_BYTES)
  return readPieces(folder, written.toString('utf8'))
}

/** ffmpeg's list: name, start and end of each. */
function readPieces(folder: string, list: string): Piece[] {
  return list
    .trimEnd()
    .split('\n')
    .map((line, index) => {
      const [name, start, end] = line.split(',')
      if (name !== nameOf(index)) throw new Error(`ffmpeg made another piece than it was told to: ${line}`)
      return { path: join(folder, name), start: Number(start), seconds: Number(end) - Number(start) }
    })
}

const rounded = (seconds: number) => Math.round(seconds * 1000) / 1000

const nameOf = (index: number) => `piece-${String(index).padStart(4, '0')}.mp3`

function faultOf(stderr: string): MediaCode | undefined {
  return /does not contain any stream/.test(stderr) ? 'media.no_sound' : undefined
}
