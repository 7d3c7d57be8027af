import iconv from 'iconv-lite'

const MIN_CHARS = 20
const LETTER = /\p{L}/gu
const ACCENTED = /[\u00c0-\u00ff]/g

/**
 * What fonts made of a page's characters: `garbled` where they do not tell which characters their shapes are (ISO 32000-1,
 * 9.10.2), and `restore` for fonts of the nineties that call Cyrillic letters by the Latin names of windows-1252.
 */
export function judgeCharacters(texts: string[]): { garbled: boolean; restore: (text: string) => string } {
  return { garbled: isGarbled(texts), restore: isCyrillicAsLatin(texts) ? cyrillicOf : (text) => text }
}

/** Whether there are more letters with accents than any language has. */
export function isCyrillicAsLatin(texts: string[]): boolean {
  const letters = count(texts, LETTER)
  return letters >= MIN_CHARS && count(texts, ACCENTED) > letters * 0.3
}

/** Numbers of shapes come out as places for private use or as control characters, among them the one for the space. */
function isGarbled(texts: string[]): boolean {
  const all = count(texts, /[^ ]/gu)
  const control = count(texts, /(?!\s)\p{Cc}/gu)
  const unmapped = count(texts, /\p{Co}|\p{Cn}|\ufffd/gu)
  return all >= MIN_CHARS && (unmapped + control > all / 2 || control > all / 20)
}

function cyrillicOf(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => {
    const byte = iconv.encode(unit, 'windows-1252')
    return byte.length === 1 && byte[0] !== 0x3f ? iconv.decode(byte, 'windows-1251') : unit
  })
}

function count(texts: string[], pattern: RegExp): number {
  return texts.reduce((sum, text) => sum + (text.match(pattern)?.length ?? 0), 0)
}
