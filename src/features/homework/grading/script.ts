/**
 * The scripts of a text, by their Unicode names, besides Latin and Cyrillic: those fit everywhere, as code, terms and translations are in
 * them and the patterns for orders read them.
 */
export function scriptsOf(text: string): string[] {
  return SCRIPTS.filter(({ sign }) => sign.test(text)).map(({ name }) => name)
}

/** Those that a language is written in. */
export function scriptsOfLanguage(language: string | null): string[] {
  const script = language === null ? undefined : scriptOf(language)
  return script === undefined ? [] : (WRITTEN[script] ?? [script])
}

function scriptOf(language: string): string | undefined {
  try {
    return NAMES[new Intl.Locale(language).maximize().script ?? '']
  } catch {
    return undefined
  }
}

/** Letters that are about a sentence, where words are written apart and where a sign is a word. */
const SENTENCE = { letters: 20, signs: 8 }
/** Of a shorter answer, this share of its letters, from so many on. */
const SHARE = 1 / 3
const FEWEST = { letters: 6, signs: 3 }

/**
 * Whether a substantial part of an answer is in a script that neither the task nor what surrounds it uses: a sentence, or a third of the
 * answer. Nothing here reads such a part, so nobody can say whether it speaks to the grader. Greek words of one or two letters are symbols of a
 * formula.
 */
export function isForeign(answer: string, scripts: readonly string[]): boolean {
  const all = answer.match(/\p{L}/gu)?.length ?? 0
  const foreign = { letters: 0, signs: 0 }
  for (const { name, words, kind } of SCRIPTS) {
    if (scripts.includes(name)) continue
    for (const [word] of answer.matchAll(words)) foreign[kind] += [...word].length
  }
  return KINDS.some(
    (kind) => foreign[kind] >= SENTENCE[kind] || (foreign[kind] >= FEWEST[kind] && foreign[kind] >= all * SHARE),
  )
}

const KINDS = ['letters', 'signs'] as const

const script = (name: string, kind: (typeof KINDS)[number], least: number) => ({
  ...{ name, kind, sign: new RegExp(`\\p{Script=${name}}`, 'u') },
  words: new RegExp(`(?:(?=\\p{L})\\p{Script=${name}}\\p{M}*){${least},}`, 'gu'),
})

const APART =
  'Armenian Hebrew Arabic Syriac Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Georgian Ethiopic Cherokee Mongolian Tibetan Myanmar Khmer Lao Thai'
const TOGETHER = 'Han Hiragana Katakana Hangul Bopomofo Yi'

const SCRIPTS = [
  script('Greek', 'letters', 3),
  ...APART.split(' ').map((name) => script(name, 'letters', 1)),
  ...TOGETHER.split(' ').map((name) => script(name, 'signs', 1)),
]

// ISO 15924, as languages name them.
const NAMES: Record<string, string> = {
  ...{ Grek: 'Greek', Armn: 'Armenian', Hebr: 'Hebrew', Arab: 'Arabic', Deva: 'Devanagari', Beng: 'Bengali' },
  ...{ Geor: 'Georgian', Ethi: 'Ethiopic', Thai: 'Thai', Jpan: 'Japanese', Kore: 'Korean', Hans: 'Han', Hant: 'Han' },
}

const WRITTEN: Record<string, string[]> = { Japanese: ['Han', 'Hiragana', 'Katakana'], Korean: ['Hangul', 'Han'] }
