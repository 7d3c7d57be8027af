/**
 * More tokens than the text can be, whatever the model: every tokenizer that falls back to bytes makes at most one of each, and Unicode
 * text is longer in bytes than in characters. What a request wraps around the text is not counted.
 */
export const boundTokens = (text: string): number => Buffer.byteLength(text, 'utf8')

/**
 * About how many tokens the text is, within a third or so for prose. English has 4.26 characters a token on the average of eleven current
 * tokenizers (https://github.com/korchasa/tldr/tree/master/llm/tokens-size), Ukrainian 2 to 2.6 (tables of
 * https://doi.org/10.3389/frai.2025.1538165). A Chinese character is 0.6 to 1 token (https://api-docs.deepseek.com/quick_start/token_usage).
 * Digits go in groups of up to three, a lone space goes with the word after it. Never more than `boundTokens`.
 */
export function estimateTokens(text: string): number {
  let tokens = 0
  for (let i = 0; i < text.length; i++) tokens += weightOf(text.charCodeAt(i))
  return Math.ceil(tokens)
}

const LETTER = 1 / 4
const CYRILLIC_LETTER = 1 / 2.2
const DIGIT = 1 / 2.5
const SPACE = 0.1
const SIGN = 2 / 3

/** Of one UTF-16 unit: a character beyond the basic plane has two. */
function weightOf(unit: number): number {
  if (unit === 0x20) return SPACE
  if ((unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a)) return LETTER
  if (unit >= 0x30 && unit <= 0x39) return DIGIT
  if (unit < 0x80) return SIGN
  // Accents are mostly tokens of their own, or split a word.
  if (unit < 0x370) return 1
  if (unit >= 0x400 && unit < 0x530) return CYRILLIC_LETTER
  return 1
}
