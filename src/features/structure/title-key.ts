/**
 * The form in which two titles are compared: case, punctuation, apostrophes, whitespace and leading numbering
 * (`1.2`, `Розділ 3.`, `Лекція 2:`, `IV.`) do not count. Signs that carry meaning in code stay: `C++`, `C#` and `==` are words.
 * A title that is nothing but numbering or punctuation keeps it.
 */
export function titleKey(title: string): string {
  const plain = title
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['ʼ’‘`´]/gu, '')
  return words(withoutNumbering(plain)) || words(plain) || plain.trim()
}

const part =
  '(?:розділ|лекція|тема|модуль|урок|частина|заняття|глава|блок|тиждень|' +
  'chapter|lecture|topic|module|lesson|part|section|unit|week)'
const number = String.raw`(?:\d{1,3}(?:\.\d{1,3}){0,4}|[ivxlc]{1,6})`
const numbering = [
  new RegExp(String.raw`^\s*${part}\s*(?:(?:№|no)\s*)?${number}(?![\p{L}\p{N}])\s*[.:)\-–—]*\s*`, 'u'),
  /^\s*§?\s*\d{1,3}(?:\.\d{1,3}){1,4}(?![\p{L}\p{N}])\s*[.:)\-–—]*\s*/u,
  /^\s*§?\s*\d{1,3}\s*[.:)–—]\s*(?!\d)/u,
  /^\s*[ivxlc]{1,6}\s*[.)]\s+/u,
]

function withoutNumbering(text: string): string {
  for (const pattern of numbering) {
    const rest = text.replace(pattern, '')
    if (rest !== text) return rest
  }
  return text
}

function words(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}\p{S}#*/%&@\\]+/gu, ' ').trim()
}
