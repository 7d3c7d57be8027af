import { ExtractionError } from '../errors.ts'
import { cleanInline } from './clean.ts'
import { decodeReferences } from './html/dom.ts'

/** One caption: seconds to the millisecond, and its lines without markup. */
export type Cue = { start: number; end: number; lines: string[] }

const TIME = String.raw`(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[,.](\d{1,3}))?`
const TIMING = new RegExp(String.raw`^\s*${TIME}\s*-{2,3}>\s*${TIME}(?:\s.*)?$`)
const VTT_HEADER = /^WEBVTT(?:[ \t].*)?$/

/** More lines than that are no caption any more; they become one. */
const MAX_LINES = 100

/**
 * Reads WebVTT (https://www.w3.org/TR/webvtt1/), forgiving about its timings. Without the header: `extract.unreadable`; of
 * more than `maxCues`: `extract.too_large`.
 */
export function parseVtt(text: string, maxCues: number): Cue[] {
  const lines = linesOf(text)
  if (!VTT_HEADER.test(lines[0] ?? '')) throw unreadable('WEBVTT')
  return parseCues(lines, maxCues, untilBlank)
}

/**
 * Reads SubRip, forgiving about numbers, separators and blank lines. Without one valid cue: `extract.unreadable`; of more
 * than `maxCues`: `extract.too_large`.
 */
export function parseSrt(text: string, maxCues: number): Cue[] {
  const cues = parseCues(linesOf(text), maxCues, withoutNumber)
  if (cues.length === 0) throw unreadable('SubRip (SRT)')
  return cues
}

type TextOf = (lines: string[], anotherCue: boolean) => string[]

function parseCues(lines: string[], maxCues: number, textOf: TextOf): Cue[] {
  const timings = timingsOf(lines, maxCues)
  const cues = timings.flatMap(({ index, start, end }, at): Cue[] => {
    if (end < start) return []
    const next = timings[at + 1]?.index
    const text = textOf(lines.slice(index + 1, next), next !== undefined)
    const said = text.map(cleanLine).filter(Boolean)
    return [{ start, end, lines: said.length > MAX_LINES ? [said.join(' ')] : said }]
  })
  return cues.sort((a, b) => a.start - b.start)
}

function timingsOf(lines: string[], maxCues: number): { index: number; start: number; end: number }[] {
  const timings: { index: number; start: number; end: number }[] = []
  for (const [index, line] of lines.entries()) {
    const match = TIMING.exec(line)
    if (!match) continue
    if (timings.length >= maxCues) {
      throw new ExtractionError('extract.too_large', `The file has more than ${maxCues} captions.`)
    }
    timings.push({ index, start: seconds(match.slice(1, 5)), end: seconds(match.slice(5, 9)) })
  }
  return timings
}

/** In WebVTT a blank line ends the cue: what follows is a note, a style sheet or the next cue's name. */
function untilBlank(lines: string[]): string[] {
  const blank = lines.findIndex((line) => !line.trim())
  return blank < 0 ? lines : lines.slice(0, blank)
}

/** In SubRip blank lines inside a cue are common; the last line is the next cue's number if it touches that cue's timing. */
function withoutNumber(lines: string[], anotherCue: boolean): string[] {
  const isNumber = anotherCue && /^\s*\d+\s*$/.test(lines.at(-1) ?? '')
  return isNumber ? lines.slice(0, -1) : lines
}

function linesOf(text: string): string[] {
  return text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
}

/** Drops `<i>`, `<v Ім’я>`, `<00:01.000>` and SubStation's `{\an8}`. */
function cleanLine(line: string): string {
  const bare = line.replace(/<\/?[a-z][^<>]{0,200}>|<\d[\d:.,]{0,20}>|\{\\[^{}]{0,100}\}/gi, '')
  return cleanInline(decodeReferences(bare))
}

function seconds([hours = '0', minutes, secs, fraction = '0']: string[]): number {
  const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(secs)
  return (whole * 1000 + Number(fraction.padEnd(3, '0'))) / 1000
}

function unreadable(format: string): ExtractionError {
  return new ExtractionError('extract.unreadable', `The file could not be read as ${format} subtitles.`)
}
