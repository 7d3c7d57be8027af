// Control characters that are not white space; soft hyphen, zero-width space, word joiner, byte order mark: all invisible, and
// each of them breaks a search for the words around it. Joiners (U+200C, U+200D) stay: scripts and emoji need them.
const INVISIBLE = /(?![\t\n\v\f\r])\p{Cc}|[\u00ad\u200b\u2060\ufeff]/gu

/** One line of prose: white space collapsed, ends trimmed, invisible characters dropped, NFC, no lone surrogates. */
export function cleanInline(text: string): string {
  return wellFormed(text).replace(/\s+/g, ' ').trim()
}

/** Program text: line breaks and indentation kept, blank lines around it and white space at its end dropped. */
export function cleanCode(text: string): string {
  return wellFormed(text.replace(/\r\n?/g, '\n'))
    .replace(/^\s*\n/, '')
    .trimEnd()
}

// PostgreSQL accepts neither U+0000 nor lone surrogates in jsonb.
function wellFormed(text: string): string {
  return text.replace(INVISIBLE, '').toWellFormed().normalize('NFC')
}
