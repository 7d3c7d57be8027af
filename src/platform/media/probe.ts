import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { MediaError } from './errors.ts'
import { inputOf, quiet } from './ffmpeg.ts'
import type { MediaLimits } from './limits.ts'
import type { MediaInfo } from './media.ts'
import { type MediaLog, runProgram } from './run-program.ts'

type Deps = { limits: MediaLimits; log: MediaLog | undefined }

const Probed = Type.Object({
  format: Type.Object({ duration: Type.Optional(Type.String()) }),
  streams: Type.Array(
    Type.Object({
      index: Type.Integer({ minimum: 0 }),
      codec_type: Type.Optional(Type.String()),
      codec_name: Type.Optional(Type.String()),
      disposition: Type.Optional(Type.Object({ forced: Type.Optional(Type.Integer()) })),
      tags: Type.Optional(Type.Object({ language: Type.Optional(Type.String()) })),
    }),
  ),
})
type Stream = Static<typeof Probed>['streams'][number]

const ENTRIES = 'format=duration:stream=index,codec_type,codec_name:stream_disposition=forced:stream_tags=language'
/** Subtitles that are text; the others are pictures of it. */
const TEXT_CODECS = new Set(['subrip', 'ass', 'ssa', 'webvtt', 'mov_text'])
const MAX_STDOUT_BYTES = 1024 * 1024

/** What is in a film, by ffprobe. Of its text tracks, those that say all that is said: a forced one only translates signs. */
export async function probe(path: string, signal: AbortSignal, { limits, log }: Deps): Promise<MediaInfo> {
  const args = ['-hide_banner', '-v', 'error', '-of', 'json', '-show_entries', ENTRIES, ...inputOf(path)]
  const bounds = { ms: limits.probeMs, memoryBytes: limits.memoryBytes, maxStdoutBytes: MAX_STDOUT_BYTES }
  const { format, streams } = read(await runProgram({ program: 'ffprobe', args, ...bounds, signal, log }))
  const hasAudio = streams.some((stream) => stream.codec_type === 'audio')
  const subtitles = streams
    .filter(isSubtitles)
    .map(({ index, tags }) => ({ stream: index, language: languageOf(tags) }))
  const seconds = secondsOf(format.duration) ?? (await measure(path, signal, { limits, log }))
  if (seconds > limits.maxSeconds) throw tooLong(limits)
  return { seconds, hasAudio, subtitles }
}

export function tooLong({ maxSeconds }: MediaLimits): MediaError {
  const hours = Math.round(maxSeconds / 360) / 10
  return new MediaError(
    'media.too_long',
    `The recording is longer than ${hours} hours, which is the limit: upload it in parts.`,
  )
}

/** What a browser records has no duration in its header: the packets have to be counted. */
async function measure(path: string, signal: AbortSignal, { limits, log }: Deps): Promise<number> {
  const tracks = ['-map', '0:a?', '-map', '0:v?', '-c', 'copy', '-t', String(limits.maxSeconds + 1)]
  const output = ['-stats_period', '3600', '-progress', 'pipe:1', '-f', 'null', 'pipe:2']
  const args = [...quiet, ...inputOf(path), ...tracks, ...output]
  const bounds = { ms: limits.probeMs, memoryBytes: limits.memoryBytes, maxStdoutBytes: MAX_STDOUT_BYTES }
  const report = await runProgram({ program: 'ffmpeg', args, ...bounds, signal, log })
  const last = report
    .toString('utf8')
    .match(/^out_time_us=\d+$/gm)
    ?.at(-1)
  if (last === undefined) throw new MediaError('media.unreadable')
  return Number(last.slice('out_time_us='.length)) / 1_000_000
}

function read(stdout: Buffer): Static<typeof Probed> {
  try {
    const probed: unknown = JSON.parse(stdout.toString('utf8'))
    if (Value.Check(Probed, probed)) return probed
    throw new Error('ffprobe answered in another shape.')
  } catch (cause) {
    throw new MediaError('media.unreadable', undefined, { cause })
  }
}

function isSubtitles({ codec_type, codec_name = '', disposition }: Stream): boolean {
  return codec_type === 'subtitle' && TEXT_CODECS.has(codec_name) && disposition?.forced !== 1
}

function secondsOf(duration: string | undefined): number | undefined {
  const seconds = Number(duration)
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined
}

/** As the file has it, ISO 639-2 or BCP 47; `und` is ISO's own "unknown". */
function languageOf(tags: Stream['tags']): string | null {
  const language = tags?.language
  return language !== undefined && language !== 'und' && /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(language)
    ? language
    : null
}
