const ABBREVIATION =
  /(?:^|[\s(«"])(?:т|п|д|див|напр|рис|табл|ст|стор|с|р|рр|ін|ім|акад|проф|англ|укр|лат|тис|млн|e\.g|i\.e|etc|vs|fig|mr|mrs|dr|\p{Lu})\.$/iu
const LONGEST_ABBREVIATION = 12

/** The offsets at which the sentences of a text end, the white space after them included; the text's own end is not among them. */
export function sentenceEnds(text: string): number[] {
  const ends: number[] = []
  // Looking back keeps a row of a million dots from being tried from each of them.
  for (const match of text.matchAll(/(?<![.!?…])[.!?…]+["»”’)\]]*\s+/gu)) {
    const end = match.index + match[0].length
    const next = text.slice(end, end + 2)
    if (!/^["«“(„‘[—–-]?\s?[\p{Lu}\p{N}`_]/u.test(next)) continue
    if (!isAbbreviated(text.slice(ends.at(-1) ?? 0, end))) ends.push(end)
  }
  return ends
}

/** Whether a text ends where a sentence does: in a full stop or its like that is no abbreviation's. An ellipsis may go on. */
export function endsSentence(text: string): boolean {
  return /[.!?]["'»”’)\]]*\s*$/u.test(text) && !isAbbreviated(text)
}

function isAbbreviated(text: string): boolean {
  return ABBREVIATION.test(text.slice(-LONGEST_ABBREVIATION).trimEnd())
}
