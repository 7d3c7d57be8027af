/** `uk` for a text that is mostly Cyrillic. */
export function languageOf(text: string): 'uk' | 'en' {
  const cyrillic = text.match(/\p{Script=Cyrillic}/gu)?.length ?? 0
  return cyrillic * 2 > (text.match(/\p{L}/gu)?.length ?? 0) ? 'uk' : 'en'
}
