/**
 * Without characters that PostgreSQL does not take (U+0000, lone surrogates), that steer a terminal, or that hide or turn round what is read:
 * controls, directions (https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters), zero widths, fillers,
 * annotations, beams of music, tags. Joiners and variation selectors stay: scripts and emoji need them.
 */
export function visibleText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\u2028\u2029]/gu, '\n')
    .replace(
      /(?![\t\n])\p{Cc}|\u034F|[\u00AD\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/gu,
      '',
    )
    .normalize('NFC')
}
