/** The languages in which our own sentences exist. What a model writes is in any. */
export type OwnLanguage = 'uk' | 'en'

const LETTER = /\p{L}/u

/** The first of these texts that has letters; a number or a formula is in no language. */
export const firstInWords = (texts: readonly string[]): string | undefined => texts.find((text) => LETTER.test(text))

/** The one that was asked for, if we have it; else by the letters of a text: Cyrillic ones are read as Ukrainian. */
export function languageOf(asked: string | null, text: string): OwnLanguage {
  if (asked !== null) return /^uk\b/i.test(asked) ? 'uk' : 'en'
  const cyrillic = text.match(/\p{Script=Cyrillic}/gu)?.length ?? 0
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0
  return cyrillic > 0 && cyrillic * 2 >= latin ? 'uk' : 'en'
}
