import type { OwnLanguage } from './language.ts'

/** An answer as it is judged, and how many characters were taken out of it that no honest keyboard puts in. */
export type Gated = { text: string; hidden: number } | { rejected: RejectionCode }

export type RejectionCode = 'empty' | 'too_long' | 'unreadable' | 'repetition' | 'copy_of_task'

/**
 * What needs no model: takes out what a reader would not see (controls, bidirectional marks, zero-width and tag characters, which hide words
 * from people and show them to models) and turns away what is no attempt by its form. The text is well-formed, in NFC, its lines end with a
 * line feed. Nobody judges what was taken out; `hidden` says that somebody tried.
 */
export function gate(answer: string, task: string): Gated {
  if (answer.length > LONGEST) return { rejected: 'too_long' }
  const normal = answer.toWellFormed().normalize('NFC')
  const text = normal.replace(LINE_BREAK, '\n').replace(INVISIBLE, '').normalize('NFC')
  if (!/[\p{L}\p{N}\p{Sm}]/u.test(text)) return { rejected: 'empty' }
  if ((text.match(/\uFFFD/g)?.length ?? 0) * UNREADABLE > text.length) return { rejected: 'unreadable' }
  const bare = lettersOf(text)
  if (bare.length >= LONG && /^(\p{L})\1+$/u.test(bare)) return { rejected: 'repetition' }
  if (bare.length >= LONG && isMostOf(bare, lettersOf(task.normalize('NFC')))) return { rejected: 'copy_of_task' }
  return { text, hidden: normal.match(SUSPECT)?.length ?? 0 }
}

/** Characters of an answer. A text of a request has 50,000 at most, that of a file may have more. */
const LONGEST = 100_000

/** One replacement character in so many means that the file's encoding was not understood. */
const UNREADABLE = 20

/** Anything shorter may be an answer, however it looks. */
const LONG = 20

const lettersOf = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

// A part of a task may well be the answer: which of the two sentences is true?
const isMostOf = (part: string, whole: string) => part.length * 2 > whole.length && whole.includes(part)

const LINE_BREAK = /\r\n?|[\v\f\u0085\u2028\u2029]/g

// Controls but for tab and line feed; what draws nothing. Joiners stay within emoji and the scripts that need them.
const INVISIBLE =
  /(?![\t\n])\p{Cc}|(?![\u{200C}\u{200D}])\p{Default_Ignorable_Code_Point}|(?<!\uFE0F|[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Malayalam}\p{Script=Sinhala}])[\u{200C}\u{200D}]|[\uFFF9-\uFFFB]/gu

// Tags but in a flag; overrides of the direction; letters that draw nothing; selectors in a row, which spell bytes; what splits a word.
const SUSPECT =
  /(?<!\u{1F3F4}[\u{E0000}-\u{E007F}]{0,7})[\u{E0000}-\u{E007F}]|[\u202D\u202E]|[\u115F\u1160\u3164\uFFA0]|(?:\uFE00|\uFE01|[\uFE02-\uFE0F]){2,}|[\u{E0100}-\u{E01EF}]|(?<=[\p{Script=Latin}\p{Script=Cyrillic}])[\u200B-\u200D\u2060-\u2064\uFEFF](?=[\p{Script=Latin}\p{Script=Cyrillic}])/gu

const MESSAGES: Record<RejectionCode, Record<OwnLanguage, string>> = {
  empty: { uk: 'У відповіді немає тексту.', en: 'There is no text in the answer.' },
  too_long: { uk: 'Відповідь задовга.', en: 'The answer is too long.' },
  unreadable: {
    uk: 'Текст не вдалося прочитати: збережіть файл у кодуванні UTF-8.',
    en: 'The text cannot be read: save the file in the encoding UTF-8.',
  },
  repetition: { uk: 'Відповідь складається з повторень одного символу.', en: 'The answer repeats one character.' },
  copy_of_task: { uk: 'Відповідь лише повторює завдання.', en: 'The answer only repeats the task.' },
}

/** What the student may read. */
export function rejectionMessage(code: RejectionCode, language: string): string {
  return MESSAGES[code][language.startsWith('uk') ? 'uk' : 'en']
}
