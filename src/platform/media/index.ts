import { access } from 'node:fs/promises'
import { createTurns } from '#platform/turns/index.ts'
import { drawPage } from './draw-page.ts'
import { defaultLimits, type MediaLimits } from './limits.ts'
import type { Media } from './media.ts'
import { cutPieces } from './pieces.ts'
import { probe } from './probe.ts'
import type { MediaLog } from './run-program.ts'
import { readSubtitles } from './subtitles.ts'

export { MediaError } from './errors.ts'
export type { MediaLimits } from './limits.ts'
export type { Media, MediaCode, MediaInfo, Piece } from './media.ts'
export type { MediaLog } from './run-program.ts'

type Deps = { limits?: Partial<MediaLimits>; log?: MediaLog }

/** `Media` by ffprobe, ffmpeg and pdftoppm, so many at a time. Where one of them is missing or fails, `log` is told. */
export function createMedia({ limits: changes = {}, log }: Deps = {}): Media {
  const limits = { ...defaultLimits, ...changes }
  const turns = createTurns({ total: limits.concurrency, perKey: limits.concurrency })
  const deps = { limits, log }

  async function inTurn<T>(path: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const release = await turns.acquire('', signal)
    try {
      // That it is there is ours to see to: to the programs it would be one more file that cannot be read.
      await access(path)
      return await work()
    } finally {
      release()
    }
  }

  return {
    probe: (path, { signal }) => inTurn(path, signal, () => probe(path, signal, deps)),
    subtitles: (path, options) => inTurn(path, options.signal, () => readSubtitles(path, { ...options, ...deps })),
    pieces: (path, options) => inTurn(path, options.signal, () => cutPieces(path, { ...options, ...deps })),
    drawPage: (path, options) => inTurn(path, options.signal, () => drawPage(path, { ...options, ...deps })),
  }
}
