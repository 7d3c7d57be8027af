export type Cell = string | number | boolean | null | undefined | Date

/** Rows as a table for a terminal, times in UTC; only the note when there are none. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], none: string): string {
  if (rows.length === 0) return none
  const texts = rows.map((row) => row.map(shown))
  const widths = head.map((title, column) => Math.max(width(title), ...texts.map((row) => width(row[column] ?? ''))))
  const isNumber = head.map((_, column) => rows.every((row) => typeof row[column] === 'number'))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0, isNumber[column] ?? false))
      .join('  ')
      .trimEnd()
  return [line(head), line(widths.map((size) => '─'.repeat(size))), ...texts.map(line)].join('\n')
}

const width = (text: string) => [...text].length

const pad = (text: string, size: number, right: boolean) => {
  const gap = ' '.repeat(Math.max(0, size - width(text)))
  return right ? gap + text : text + gap
}

function shown(cell: Cell): string {
  if (cell === null || cell === undefined) return '–'
  if (cell instanceof Date) return cell.toISOString().slice(0, 16).replace('T', ' ')
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  // What clients wrote must not steer the terminal.
  return String(cell).replace(/\p{Cc}/gu, '\u{FFFD}')
}
