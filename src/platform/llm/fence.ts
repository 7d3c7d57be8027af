import { randomBytes } from 'node:crypto'

/** What a model is shown: our own lines, then data of others, each piece of it with a label of ours. */
export type Message = { head: readonly string[]; data: readonly { label: string; text: string }[] }

/**
 * The message as text, with each piece of data between markers that nobody could know when the data was written: a fresh code of 128 bits,
 * drawn again in the case that the data has it. A code is 32 of sixteen consonants, so that one can be told from any words or code (`hasFenceCode`).
 *
 *     Fence: bcdf…
 *     Material: video, part 2 of 3. Pieces: 40 to 80.
 *
 *     <<<bcdf… material
 *     …
 *     bcdf…>>>
 */
export function fence({ head, data }: Message, draw: () => Uint8Array = () => randomBytes(16)): string {
  const texts = data.map(({ text }) => text.toLowerCase())
  let code = codeOf(draw())
  while (texts.some((text) => text.includes(code))) code = codeOf(draw())
  return [
    `Fence: ${code}`,
    ...head,
    ...data.map(({ label, text }) => `\n<<<${code} ${label}\n${text}\n${code}>>>`),
  ].join('\n')
}

const LETTERS = 'bcdfghjkmnpqrtvw'

function codeOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `${LETTERS.charAt(byte >> 4)}${LETTERS.charAt(byte & 15)}`).join('')
}

/** Whether a text has something like a fence's code in it, whatever its case and with whatever signs in between. */
export function hasFenceCode(text: string): boolean {
  return new RegExp(`[${LETTERS}]{32}`, 'u').test(text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ''))
}
