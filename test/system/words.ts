/** The words of a text as a reader compares them: without case, accents, punctuation and the hyphens that end lines. */
export function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const joined = plain.replace(/(?<=\p{L})[-\u2010\u00ad]\s*(?=\p{L})/gu, '')
  return joined.match(/[\p{L}\p{N}]+/gu) ?? []
}

/**
 * How many words two texts have in common in the same order: the longest common subsequence, a bit for each word of `a`.
 * Hyyrö, Bit-parallel LCS-length computation revisited (2004), https://www.sis.uta.fi/~hh56766/pubs/awoca04.pdf
 */
export function commonInOrder(a: string[], b: string[]): number {
  const all = (1n << BigInt(a.length)) - 1n
  const places = placesOf(a)
  let open = all
  for (const word of b) {
    const found = open & (places.get(word) ?? 0n)
    open = ((open + found) | (open - found)) & all
  }
  return a.length - open.toString(2).replaceAll('0', '').length
}

/** For each word, a bit for each of its places. */
function placesOf(words: string[]): Map<string, bigint> {
  const bytes = new Map<string, Buffer>()
  const size = Math.ceil(words.length / 8)
  for (const [index, word] of words.entries()) {
    const bits = bytes.get(word) ?? Buffer.alloc(size)
    const at = size - 1 - (index >> 3)
    bits[at] = (bits[at] ?? 0) | (1 << (index & 7))
    bytes.set(word, bits)
  }
  return new Map([...bytes].map(([word, bits]) => [word, BigInt(`0x${bits.toString('hex')}`)]))
}
