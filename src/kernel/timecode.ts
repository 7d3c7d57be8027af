/** Seconds of a `[H:]MM:SS` timecode. */
export function secondsOf(timecode: string): number {
  return timecode.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0)
}

/** `MM:SS`, from the first hour on `H:MM:SS`; parts of a second are dropped. */
export function timecodeOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const end = `${String(minutes).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
  return hours > 0 ? `${hours}:${end}` : end
}
