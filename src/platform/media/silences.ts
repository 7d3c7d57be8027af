export type Silence = { start: number; end: number }

export type Span = { start: number; seconds: number }

/** Long enough that few are needed, short enough for every provider's limits of time, and a small loss when one is to be repeated. */
const MAX_SECONDS = 600
const MIN_SECONDS = 300
/** A provider refuses what is too short to be speech. */
const MIN_LAST_SECONDS = 5

/** What marks the first frame in ffmpeg's lines. */
export const BEGINNING = 'lavfi.sound'

/**
 * When the sound begins and where it pauses, in seconds after that, from what ffmpeg's `silencedetect` and `ametadata` write
 * (https://ffmpeg.org/ffmpeg-filters.html). A silence that lasts to the end has no end of its own.
 */
export function readSound(text: string): { begins: number; silences: Silence[] } {
  const silences: Silence[] = []
  let time = 0
  let begins = 0
  let start: number | undefined
  for (const line of text.split('\n')) {
    const [key = '', value = ''] = line.split('=')
    if (line.startsWith('frame:')) time = secondsOf(line.slice(line.indexOf('pts_time:') + 'pts_time:'.length))
    else if (key === BEGINNING) begins = time
    else if (key === 'lavfi.silence_start') start = secondsOf(value)
    else if (key === 'lavfi.silence_end' && start !== undefined) {
      silences.push({ start: start - begins, end: secondsOf(value) - begins })
      start = undefined
    }
  }
  if (start !== undefined) silences.push({ start: start - begins, end: Number.POSITIVE_INFINITY })
  return { begins, silences }
}

/** Encoders may begin a little before zero. */
function secondsOf(text: string): number {
  return Math.max(0, Number(text) || 0)
}

/**
 * Where to cut so many seconds of sound: into pieces of at most ten minutes, each but the last at least five long and ended in the middle
 * of the longest silence there is (of equals, the latest), or at ten minutes where nobody ever pauses.
 */
export function planPieces(silences: readonly Silence[], seconds: number): Span[] {
  const pieces: Span[] = []
  let start = 0
  while (seconds - start > MAX_SECONDS) {
    const end = cutAfter(start, Math.min(start + MAX_SECONDS, seconds - MIN_LAST_SECONDS), silences)
    pieces.push({ start, seconds: end - start })
    start = end
  }
  pieces.push({ start, seconds: seconds - start })
  return pieces
}

function cutAfter(start: number, latest: number, silences: readonly Silence[]): number {
  const earliest = start + MIN_SECONDS
  let cut = latest
  let longest = 0
  for (const silence of silences) {
    const from = Math.max(silence.start, earliest)
    const to = Math.min(silence.end, latest)
    if (to - from > 0 && to - from >= longest) {
      longest = to - from
      cut = (from + to) / 2
    }
  }
  return cut
}
