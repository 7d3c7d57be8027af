export type CsvValue = string | number | boolean | null

/** One line of RFC 4180. */
export const csvLine = (values: readonly CsvValue[]): string => `${values.map(csvCell).join(',')}\r\n`

// A spreadsheet takes a cell that begins with one of these for a formula (https://owasp.org/www-community/attacks/CSV_Injection).
const FORMULA = /^[\s\p{Cf}]*[=+\-@\t\r\n＝＋－＠]/u

function csvCell(value: CsvValue): string {
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value ?? '')
  // A semicolon or a tab parts the cells of spreadsheets elsewhere.
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
