import type { TimedText } from '#platform/llm/llm.ts'

/** What was said as SubRip, so that it becomes passages in the way of all subtitles. */
export function subtitlesOf(texts: readonly TimedText[]): string {
  return texts
    .map(
      ({ start, end, text }, index) =>
        `${index + 1}\n${clock(start)} --> ${clock(Math.max(start, end))}\n${line(text)}\n`,
    )
    .join('\n')
}

/** Nothing said can look like markup, a number or the next one's time. */
function line(text: string): string {
  const words = text.replace(/\s+/g, ' ').trim().replaceAll('-->', '→')
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('{\\', '{ \\')
}

function clock(seconds: number): string {
  const all = Math.round(seconds * 1_000)
  const [hours, minutes] = [Math.floor(all / 3_600_000), Math.floor(all / 60_000) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(hours)}:${two(minutes)}:${two(Math.floor(all / 1_000) % 60)},${String(all % 1_000).padStart(3, '0')}`
}
