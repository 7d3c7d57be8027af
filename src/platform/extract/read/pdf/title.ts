import { MAX_TITLE_CHARS } from '../../protocol.ts'
import { cleanInline } from '../clean.ts'
import { isCyrillicAsLatin } from './characters.ts'
import type { Line } from './lines.ts'

const FILE_NAME = /\.(?:docx?|pptx?|xlsx?|odt|odp|pdf|tex|dvi|rtf|txt|indd|qxd|cdr|p65|html?)$/i
const PLACEHOLDER =
  /^(?:Microsoft (?:Word|PowerPoint|Excel)\b|(?:untitled|title|document|slide|presentation|без назви|без имени|документ|презентац\p{Ll}+|слайд)[\s\d.]*$|PowerPoint Presentation|Презентац\p{Ll}+ PowerPoint)/iu
const HEADING_SCALE = 1.09
const MAX_LINES = 4

/** A document's title: the one in its properties, unless a program put it there by itself; else the largest line of its first page. */
export function titleOfPdf(property: unknown, firstPage: Line[], bodySize: number): string | null {
  const title = typeof property === 'string' ? cleanInline(property.slice(0, MAX_TITLE_CHARS)) : ''
  const isOwn = /\p{L}{2}/u.test(title) && !/\p{Co}|\ufffd/u.test(title)
  if (isOwn && !FILE_NAME.test(title) && !PLACEHOLDER.test(title) && !isCyrillicAsLatin([title.repeat(20)]))
    return title
  return largestLine(firstPage, bodySize)
}

function largestLine(lines: Line[], bodySize: number): string | null {
  const isWordy = ({ text }: Line) => /\p{L}{2}/u.test(text)
  const size = lines.filter(isWordy).reduce((most, line) => Math.max(most, line.size), 0)
  if (size <= bodySize * HEADING_SCALE) return null
  const first = lines.findIndex((line) => line.size === size && isWordy(line))
  const next = lines.findIndex((line, index) => index > first && Math.abs(line.size - size) > 0.05 * size)
  const own = lines.slice(first, next < 0 ? undefined : next).slice(0, MAX_LINES)
  return cleanInline(own.map(({ text }) => text).join(' ')) || null
}
