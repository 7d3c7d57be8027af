/**
 * Tells whether a text repeats our own prompts: the letters and digits of 60 characters of them in a row, whatever the case, spaces and
 * signs in between. Of the prompts every run of 18 is kept; of a text only every 18th place is looked up, which is enough to find any run of 36.
 */
export function createLeakCheck(prompts: readonly string[]): (text: string) => boolean {
  const runs = new Map<string, { prompt: string; at: number }[]>()
  for (const prompt of prompts.map(fold)) {
    for (let at = 0; at + STEP <= prompt.length; at++) {
      const run = prompt.slice(at, at + STEP)
      const places = runs.get(run)
      if (places) places.push({ prompt, at })
      else runs.set(run, [{ prompt, at }])
    }
  }
  return (text) => {
    const folded = fold(text)
    for (let at = 0; at + STEP <= folded.length; at += STEP) {
      const places = runs.get(folded.slice(at, at + STEP)) ?? []
      if (places.some((place) => commonAround(folded, at, place) >= LEAST)) return true
    }
    return false
  }
}

/** The least letters and digits that 60 characters of our prompts have. */
const LEAST = 36
const STEP = LEAST / 2

function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
}

/** How long a run of equal characters the place is in. */
function commonAround(text: string, from: number, { prompt, at }: { prompt: string; at: number }): number {
  let before = 0
  while (before < LEAST && from > before && at > before && text[from - before - 1] === prompt[at - before - 1]) before++
  let after = 0
  while (after < LEAST && from + after < text.length && text[from + after] === prompt[at + after]) after++
  return before + after
}
