import { cleanTitle } from './bounds.ts'

/**
 * The term that a sentence defines, or null: `Змінна — це …`, `Змінна (variable) – це …`, `A list is a …`,
 * `**Змінна** — …`, and in a list also `int — ціле число`. The term is the sentence's own words, without the parenthesis.
 * A wrong find costs a concept with an odd title, so terms that rarely are terms (`Головне — це …`, `This is a …`) are refused.
 */
export function definedTerm(sentence: string, { inList }: { inList: boolean }): string | null {
  const leadIn = leadInPattern.exec(sentence)?.[0] ?? ''
  const statement = sentence.slice(leadIn.length)
  const found =
    boldTerm.exec(statement)?.[1] ??
    ukrainian.exec(statement)?.[1] ??
    english.exec(statement)?.[1] ??
    (inList ? listTerm.exec(statement)?.[1] : undefined)
  if (found === undefined) return null
  const term = cleanTitle(found.replace(/[`«»"“”„]/gu, '').replace(/^\s*\*\*(.+)\*\*\s*$/u, '$1'))
  if (!term || !isTerm(term)) return null
  return leadIn ? term.charAt(0).toUpperCase() + term.slice(1) : term
}

const aside = String.raw`(?:\s*\([^()]{1,80}\))?`
const synonym = String.raw`(?:,\s*(?:або|чи|тобто|or)\s[^,—–]{1,60},?)?`
const dash = String.raw`(?:\s*[—–]\s*|\s+-{1,2}\s+)`

const leadInPattern = /^(?:отже|тож|отож|ну|так от|нагадаю|нагадаємо|запам.?ятаймо|so|well|now|okay|remember),?\s+/iu
const boldTerm = new RegExp(String.raw`^\*\*([^*]{1,80})\*\*${aside}(?:${dash}|:\s)\S`, 'u')
const ukrainian = new RegExp(String.raw`^([^,.;:!?()—–]{1,80}?)${aside}${synonym},?${dash}це\s+\S`, 'iu')
const english = new RegExp(
  String.raw`^(?:an?\s+|the\s+)?([^,.;:!?()—–]{1,60}?)${aside}${synonym}\s+(?:(?:is|are)\s+(?:an?|the|any|one of)|refers to|means|denotes|stands for)\s+\S`,
  'iu',
)
const listTerm = new RegExp(String.raw`^([^,;:!?—–]{1,60}?)${aside}${dash}\p{Ll}`, 'u')

const notFirst =
  /^(?:це|цей|ця|ці|то|той|та|ті|він|вона|воно|вони|ми|ви|я|тут|там|ось|що|хто|де|як|коли|якщо|якби|чому|навіщо|бо|але|а|і|й|ще|усе|все|наш\p{L}*|ваш\p{L}*|перш\p{L}*|друг\p{L}*|трет\p{L}*|інш\p{L}*|один|одна|одне|най(?!менув)\p{L}+|this|that|these|those|it|there|here|he|she|they|we|you|i|what|which|who|where|when|why|how|if|but|and|one|another|all|every|each|my|our|your|its|their|his|her|first|second|third|most|\p{L}+(?:йте|ьте|імо|ймо))$/iu
const notATerm =
  /^(?:головне|головн\p{L}+|важливо|річ|причина|приклад|результат|мета|завдання|питання|відповідь|різниця|крок|порада|спосіб|варіант|помилка|висновок|проблема|thing|reason|problem|idea|point|goal|way|example|result|question|answer|difference|purpose|step|tip|here|there)$/iu

function isTerm(term: string): boolean {
  const words = term.split(' ')
  const [first = ''] = words
  if (words.length > 5 || !/\p{L}|\p{S}|[#*/%&@\\]/u.test(term)) return false
  return !notFirst.test(first) && !words.some((word) => notATerm.test(word))
}
