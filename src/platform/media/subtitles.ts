import { inputOf, quiet } from './ffmpeg.ts'
import type { MediaLimits } from './limits.ts'
import { type MediaLog, runProgram } from './run-program.ts'

type Options = { stream: number; signal: AbortSignal; limits: MediaLimits; log: MediaLog | undefined }

/** A text track of a film, by ffmpeg, as SubRip in UTF-8. */
export async function readSubtitles(path: string, { stream, signal, limits, log }: Options): Promise<Uint8Array> {
  return runProgram({
    program: 'ffmpeg',
    args: [...quiet, ...inputOf(path), '-map', `0:${stream}`, '-f', 'srt', 'pipe:1'],
    ms: limits.subtitlesMs,
    memoryBytes: limits.memoryBytes,
    maxStdoutBytes: limits.maxSubtitleBytes,
    signal,
    log,
  })
}
