/** Seconds of a `[H:]MM:SS` timecode. */
export function secondsOf(timecode: string): number {
  return timecode.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0)
}
