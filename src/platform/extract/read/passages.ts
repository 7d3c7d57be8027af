import type { Block } from '../protocol.ts'
import type { Document } from './blocks.ts'
import { type Cue, parseSrt, parseVtt } from './cues.ts'
import { foldRolling } from './rolling.ts'
import { endsSentence, sentenceEnds } from './sentences.ts'
import { splitProse } from './split.ts'

/** What is not yet told: a text and where in it each of its cues begins. */
type Open = { text: string; cues: { from: number; start: number; end: number }[] }

/** Nobody speaks longer, or says more, without a breath: such captions have no punctuation. */
const MAX_SECONDS = 30
const MAX_CHARS = 1_000

export function readSubtitles(
  text: string,
  format: 'srt' | 'vtt',
  { maxChunkChars, maxCues }: { maxChunkChars: number; maxCues: number },
): Document {
  const cues = foldRolling(format === 'srt' ? parseSrt(text, maxCues) : parseVtt(text, maxCues))
  return { title: null, blocks: passages(cues, maxChunkChars) }
}

/**
 * A passage is one sentence, from the start of the cue in which it begins to the end of the cue in which it ends, so two
 * sentences in one cue share its seconds. Without sentence ends a passage is as many cues as fit into 30 s.
 */
function* passages(cues: Cue[], maxChars: number): Generator<Block> {
  const most = Math.min(MAX_CHARS, maxChars)
  let open: Open = { text: '', cues: [] }
  for (const { lines, start, end } of cues) {
    const text = lines.join(' ')
    const isFull = end - (open.cues[0]?.start ?? start) > MAX_SECONDS || open.text.length + text.length >= most
    if (isFull || endsSentence(open.text)) {
      yield* blocks(open, open.text.length, maxChars)
      open = { text: '', cues: [] }
    }
    const joined = open.text ? `${open.text} ` : ''
    open.cues.push({ from: joined.length, start, end })
    open.text = joined + text
    let told = 0
    for (const sentence of sentenceEnds(open.text)) {
      yield* blocks(open, sentence - told, maxChars)
      open = rest(open, sentence - told)
      told = sentence
    }
  }
  yield* blocks(open, open.text.length, maxChars)
}

/** The beginning of what is open, `length` units of it. */
function* blocks({ text, cues }: Open, length: number, maxChars: number): Generator<Block> {
  const [first] = cues
  const told = text.slice(0, length).trimEnd()
  if (!first || !told) return
  const end = cues.reduce((last, cue) => (cue.from < told.length ? Math.max(last, cue.end) : last), first.end)
  for (const part of splitProse(told, maxChars)) {
    yield { kind: 'passage', text: part, locator: { start: first.start, end } }
  }
}

function rest({ text, cues }: Open, told: number): Open {
  const first = cues.findLastIndex(({ from }) => from <= told)
  return {
    text: text.slice(told),
    cues: cues.slice(first).map((cue) => ({ ...cue, from: Math.max(0, cue.from - told) })),
  }
}
