import type { Chunk } from '#kernel/chunk.ts'
import { spokenPassages } from '#kernel/passage.ts'
import { timecodeOf } from '#kernel/timecode.ts'
import type { Message } from '#platform/llm/fence.ts'
import { estimateTokens } from '#platform/llm/tokens.ts'
import { clip } from '../outline/bounds.ts'
import { materialTitle } from '../outline/outline.ts'
import type { SourceMaterial } from '../tree.ts'

/** A part of a material that is read in one call. */
export type Part = {
  material: SourceMaterial
  message: Message
  /** The chunks that it shows, by the numbers by which the answer cites them. */
  shown: ReadonlyMap<number, Chunk>
  /** Of its text. */
  tokens: number
}

/** A chunk as it is shown, or a piece of one that is longer than a part. */
type Piece = { number: number; chunk: Chunk; place: string; text: string; tokens: number }

/**
 * Divides a material's chunks into parts of at most `limit` tokens, before a heading where one is in the second half. Numbers count from 1
 * in reading order over the whole material. What is blank is left out.
 */
export function partsOf(material: SourceMaterial, limit: number): Part[] {
  const chunks = material.chunks.toSorted((a, b) => a.order - b.order)
  const times = new Map(spokenPassages(chunks).flatMap((passage) => passage.chunks.map((one) => [one, passage.start])))
  const pieces = chunks.flatMap((chunk, at) => piecesOf(chunk, { number: at + 1, place: placeOf(chunk, times), limit }))
  const groups = divide(pieces, limit)
  const title = oneLine(materialTitle(material), 200)
  return groups.map((group, at) => ({
    material,
    message: {
      head: [
        `Material: ${material.sourceType}. Part ${at + 1} of ${groups.length}. ` +
          `Pieces ${group[0]?.number} to ${group.at(-1)?.number}.`,
      ],
      data: [{ label: 'material', text: [`title: ${title}`, ...group.map(lineOf)].join('\n') }],
    },
    shown: new Map(group.map(({ number, chunk }) => [number, chunk])),
    tokens: sum(group),
  }))
}

type About = { number: number; place: string; limit: number }

function piecesOf(chunk: Chunk, { number, place, limit }: About): Piece[] {
  const whole = chunk.text.replace(/\r\n?/gu, '\n').trimEnd()
  if (whole.trim() === '') return []
  const isTold = 'start' in chunk.locator && place !== placeOf(chunk, new Map())
  // Where a sentence stands is told with the passage's first.
  const around = estimateTokens(isTold ? `[${number}]\n` : `[${number}] (${place})\n`)
  const pieceOf = (slice: string): Piece => {
    const text = slice.replaceAll('\n', '\n    ')
    return { number, chunk, place, text, tokens: estimateTokens(text) + around }
  }
  const piece = pieceOf(whole)
  if (piece.tokens <= limit) return [piece]
  // No character is more than a token, but lines are indented, which makes a text of line breaks longer: hence the half.
  return slices(whole, Math.max(100, Math.floor((limit - around) / 2))).map(pieceOf)
}

function slices(text: string, length: number): string[] {
  const found: string[] = []
  for (let rest = text.trimStart(); rest !== ''; ) {
    const slice = clip(rest, length)
    found.push(slice)
    rest = rest.slice(slice.length).trimStart()
  }
  return found
}

function divide(pieces: Piece[], limit: number): Piece[][] {
  const groups: Piece[][] = []
  let rest = pieces
  while (rest.length > 0) {
    let tokens = 0
    const overflow = rest.findIndex((piece) => {
      tokens += piece.tokens
      return tokens > limit
    })
    const end = overflow < 0 ? rest.length : Math.max(1, overflow)
    const heading = rest.findLastIndex(({ chunk }, at) => chunk.kind === 'heading' && at <= end && at > end / 2)
    const cut = overflow < 0 || heading < 0 ? end : heading
    groups.push(rest.slice(0, cut))
    rest = rest.slice(cut)
  }
  return groups
}

function lineOf({ number, place, text }: Piece, at: number, group: Piece[]): string {
  return `[${number}]${place === '' || place === group[at - 1]?.place ? '' : ` (${place})`} ${text}`
}

/**
 * For people, as the prompt says. A heading under headings says where it stands by itself. `times` are the seconds at which the passages of
 * sentences begin: one sentence is cited, the time is told once a passage.
 */
function placeOf(chunk: Chunk, times: ReadonlyMap<Chunk, number>): string {
  const { kind, locator } = chunk
  const own = kind === 'paragraph' || kind === 'passage' ? [] : [kind]
  if ('start' in locator) return [timecodeOf(times.get(chunk) ?? locator.start), ...own].join(', ')
  if ('slide' in locator) return [`slide ${locator.slide}`, ...own].join(', ')
  if ('page' in locator) return [`page ${locator.page}`, ...own].join(', ')
  if ('url' in locator) return ['web page', ...own].join(', ')
  const path = kind === 'heading' ? '' : oneLine(locator.heading.join(' > '), 120)
  return [path, ...own].filter(Boolean).join(', ')
}

/** Text of others on one line, so that it cannot pass for lines of ours. */
export function oneLine(text: string, max: number): string {
  return clip(text.replace(/\s+/gu, ' ').trim(), max)
}

const sum = (pieces: Piece[]) => pieces.reduce((all, { tokens }) => all + tokens, 0)
