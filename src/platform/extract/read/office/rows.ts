/** A table as text, one row a line, cells joined by ` | `. Rows without any text are left out. */
export function rowsToText(rows: string[][]): string {
  return rows
    .filter((cells) => cells.some(Boolean))
    .map((cells) => cells.join(' | ').trim())
    .join('\n')
}
