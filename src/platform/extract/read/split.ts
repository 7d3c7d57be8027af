const SENTENCE_END = /[.!?…]["'»”’)\]]*\s/g

/**
 * Cuts `text` into trimmed parts of at most `max` UTF-16 units: after the last sentence that fits, else at the last white
 * space, else anywhere but inside a surrogate pair.
 */
export function* splitProse(text: string, max: number): Generator<string> {
  for (const part of split(text, max, endOfSentence)) {
    const trimmed = part.trim()
    if (trimmed) yield trimmed
  }
}

/** The same for text whose lines matter (lists, tables, code): after the last line that fits, indentation kept. */
export function* splitLines(text: string, max: number): Generator<string> {
  for (const part of split(text, max, (window) => window.lastIndexOf('\n') + 1)) {
    const trimmed = part.replace(/^\n+/, '').trimEnd()
    if (trimmed) yield trimmed
  }
}

/** `cutAfter` tells how many units of a window to take: 0 when it finds no good place. */
function* split(text: string, max: number, cutAfter: (window: string) => number): Generator<string> {
  let at = 0
  while (text.length - at > max) {
    const window = text.slice(at, at + max)
    const cut = cutAfter(window) || wholeCharacters(window)
    yield window.slice(0, cut)
    at += cut
  }
  yield text.slice(at)
}

function endOfSentence(window: string): number {
  let end = 0
  for (const match of window.matchAll(SENTENCE_END)) end = match.index + match[0].length
  return end || window.search(/\s\S*$/) + 1
}

function wholeCharacters(window: string): number {
  const last = window.charCodeAt(window.length - 1)
  const splitsPair = last >= 0xd800 && last <= 0xdbff
  return splitsPair && window.length > 1 ? window.length - 1 : window.length
}
