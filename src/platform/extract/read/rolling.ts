import type { Cue } from './cues.ts'

/** Cues this close touch. Rolling captions repeat a line in a cue of about 10 ms in between. */
const TOUCH_SECONDS = 0.05

/**
 * Rolling captions show each line again while the next one comes in, or a line again with a word more. Drops what the cue
 * before still showed, so that every line is there once. A line said twice in cues of their own is kept twice.
 */
export function foldRolling(cues: Cue[]): Cue[] {
  const folded: Cue[] = []
  let previous: Cue | undefined
  for (const cue of cues) {
    const lines = previous && continues(previous, cue) ? newLines(previous.lines, cue.lines) : cue.lines
    const repeats = lines.length === 0 && cue.lines.length > 0
    const last = folded.at(-1)
    if (repeats && last) last.end = Math.max(last.end, cue.end)
    if (lines.length > 0) folded.push({ ...cue, lines })
    if (cue.lines.length > 0) previous = cue
  }
  return folded
}

function continues(previous: Cue, cue: Cue): boolean {
  if (cue.start < previous.end) return true
  const touches = cue.start - previous.end <= TOUCH_SECONDS
  return touches && (cue.end - cue.start <= TOUCH_SECONDS || cue.lines.join(' ') !== previous.lines.join(' '))
}

function newLines(shown: string[], lines: string[]): string[] {
  for (let count = Math.min(shown.length, lines.length); count > 0; count -= 1) {
    const rolled = shown.slice(-count).every((line, index) => line === lines[index])
    if (rolled) return lines.slice(count)
  }
  const before = shown.join(' ')
  const now = lines.join(' ')
  return now.startsWith(`${before} `) ? [now.slice(before.length + 1)] : lines
}
