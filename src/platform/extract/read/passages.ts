import type { Block } from '../protocol.ts'
import type { Document } from './blocks.ts'
import { type Cue, parseSrt, parseVtt } from './cues.ts'
import { foldRolling } from './rolling.ts'
import { splitProse } from './split.ts'

type Passage = { start: number; end: number; text: string }

const MIN_SECONDS = 30
const MAX_SECONDS = 60
const SENTENCE_END = /[.!?…]["'»”’)\]]*$/

export function readSubtitles(
  text: string,
  format: 'srt' | 'vtt',
  { maxChunkChars }: { maxChunkChars: number },
): Document {
  const cues = foldRolling(format === 'srt' ? parseSrt(text) : parseVtt(text))
  return { title: null, blocks: passages(cues, maxChunkChars) }
}

/** Joins cues to passages of 30–60 s: up to the first sentence end after 30 s, at the latest before 60 s are exceeded. */
function* passages(cues: Cue[], maxChars: number): Generator<Block> {
  let open: Passage | undefined
  for (const cue of cues) {
    const text = cue.lines.join(' ')
    if (open && (cue.end - open.start > MAX_SECONDS || open.text.length + text.length >= maxChars)) {
      yield* blocks(open, maxChars)
      open = undefined
    }
    open = open
      ? { start: open.start, end: Math.max(open.end, cue.end), text: `${open.text} ${text}` }
      : { start: cue.start, end: cue.end, text }
    if (open.end - open.start >= MIN_SECONDS && SENTENCE_END.test(text)) {
      yield* blocks(open, maxChars)
      open = undefined
    }
  }
  if (open) yield* blocks(open, maxChars)
}

function* blocks({ start, end, text }: Passage, maxChars: number): Generator<Block> {
  for (const part of splitProse(text, maxChars)) yield { kind: 'passage', text: part, locator: { start, end } }
}
