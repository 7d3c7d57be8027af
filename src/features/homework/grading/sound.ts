/**
 * Ukrainian and Russian as they sound, whether they are written in their own letters or in Latin ones, of which there are many systems and
 * habits: what those do not tell apart is one letter here. For words that were written in Latin letters, so that nobody would find them.
 */
export function soundOf(text: string): string {
  return text
    .replace(/(?<=\p{L})['’ʼ`](?=\p{L}|$|\s)/gu, '')
    .replace(/shch|sch|[zkscth]h|t[sz]/g, (letters) => TOGETHER[letters] ?? letters)
    .replace(/[a-z]/g, (letter) => LATIN[letter] ?? letter)
    .replace(/\p{Script=Cyrillic}/gu, (letter) => CYRILLIC[letter] ?? letter)
    .replace(/і{2,}/g, 'і')
}

/** The same of a regular expression's own letters; a word of и alone, which would be any і, is none. */
export const soundOfPattern = (source: string) =>
  soundOf(
    source
      .replace(/(?<=\|)ии(?=\()/g, '—')
      .replace(/ь\??|ъ/g, '')
      .replace(/[єюя]/g, (letter) => SOFT[letter] ?? letter),
  )

/** Of a view the sentences that may be such, as they sound: what of them is in Latin letters, if it is no English. */
export function soundsIn(flat: string): string {
  return flat
    .replace(/[\p{L}\p{N}_]+/gu, (word) => (/[^a-z\d_]/.test(word) ? '—' : word))
    .split(/[.!?]+/)
    .filter((sentence) => /[a-z]{3}/.test(sentence) && !ENGLISH.test(sentence))
    .map(soundOf)
    .join('.')
}

const ENGLISH =
  /(?<![\p{L}\p{N}_])(?:the|of|is|and|with|this|that|was|were|are|has|have|had|in|from|by|they|it|its|he|she|you|your|we|not|be|or|if|when|day|days)(?![\p{L}\p{N}_])/u

const TOGETHER: Record<string, string> = {
  ...{ shch: 'щ', sch: 'щ', zh: 'ж', kh: 'г', sh: 'ш', ch: 'ч', th: 'т', hh: 'г', ts: 'ц', tz: 'ц' },
}

const LATIN = Object.fromEntries(
  [...'abcdefghijklmnopqrstuvwxyz'].map((letter, at) => [letter, [...'абцдефггііклмнопкрстуввгіз'][at]]),
)

const CYRILLIC: Record<string, string> = {
  ґ: 'г',
  х: 'г',
  и: 'і',
  й: 'і',
  ї: 'і',
  ы: 'і',
  э: 'е',
  ё: 'е',
  ь: '',
  ъ: '',
}

const SOFT: Record<string, string> = { є: 'і?е', ю: 'і?у', я: 'і?а' }
