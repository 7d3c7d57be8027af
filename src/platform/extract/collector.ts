import { StringDecoder } from 'node:string_decoder'
import type { Chunk, Locator } from '#kernel/chunk.ts'
import { ExtractionError } from './errors.ts'
import type { ExtractLimits } from './limits.ts'
import { type Block, type Message, readMessage } from './protocol.ts'

/** What a document gave: its own title, if it has one, and its text in reading order. `pictures`: the pages whose content is shown rather than written. */
export type Extracted = { title: string | null; chunks: Chunk[]; pictures: number[] }

type Limits = Pick<ExtractLimits, 'maxTextBytes' | 'maxChunks' | 'maxChunkChars' | 'maxPages'>

/** Room for JSON's escapes in the longest chunk and for its heading path. */
const LINE_OVERHEAD = 32 * 1024

/**
 * Makes chunks of what a child writes and holds the child to the limits. `push` throws an `ExtractionError` as soon as one is
 * passed, or as soon as the child speaks out of turn. `result` throws what the child reported, or `extract.crashed` if it
 * ended without a word.
 */
export function createCollector(limits: Limits) {
  const decoder = new StringDecoder('utf8')
  const maxLine = limits.maxChunkChars * 6 + LINE_OVERHEAD
  const chunks: Chunk[] = []
  const pictures: number[] = []
  let title: string | null = null
  let pending = ''
  let textBytes = 0
  let path: string[] = []
  let ending: Extract<Message, { type: 'done' | 'failed' }> | undefined

  function push(bytes: Buffer): void {
    const lines = (pending + decoder.write(bytes)).split('\n')
    pending = lines.pop() ?? ''
    if (pending.length > maxLine) throw new ExtractionError('extract.crashed')
    for (const line of lines) accept(line)
  }

  function accept(line: string): void {
    const message = ending === undefined ? readMessage(line, limits) : undefined
    switch (message?.type) {
      case 'title':
        title = message.title
        return
      case 'block':
        add(message.block)
        return
      case 'picture':
        addPicture(message.page)
        return
      case 'done':
      case 'failed':
        ending = message
        return
      default:
        throw outOfTurn()
    }
  }

  function add({ kind, text, locator }: Block): void {
    const place = withSharedPath(locator)
    textBytes += Buffer.byteLength(text)
    if (textBytes > limits.maxTextBytes || chunks.length >= limits.maxChunks) {
      throw new ExtractionError('extract.too_large', 'The file has more text than can be processed.')
    }
    chunks.push({ order: chunks.length + 1, kind, text, locator: place })
  }

  function addPicture(page: number): void {
    if (page <= (pictures.at(-1) ?? 0) || pictures.length >= limits.maxPages) throw outOfTurn()
    pictures.push(page)
  }

  /** Thousands of paragraphs stand under one heading: they share one path, whose text is counted once. */
  function withSharedPath(locator: Locator): Locator {
    if (!('heading' in locator)) return locator
    const { heading, paragraph } = locator
    const isSame = heading.length === path.length && heading.every((part, index) => part === path[index])
    if (!isSame) {
      path = heading
      textBytes += Buffer.byteLength(heading.join(''))
    }
    return { heading: path, paragraph }
  }

  function result(): Extracted {
    if (ending?.type === 'failed') throw new ExtractionError(ending.code, ending.message)
    if (ending === undefined) throw new ExtractionError('extract.crashed')
    if (chunks.length === 0 && pictures.length === 0) throw new ExtractionError('extract.empty')
    return { title, chunks, pictures }
  }

  return { push, result }
}

function outOfTurn(): ExtractionError {
  return new ExtractionError('extract.crashed', undefined, { cause: new Error('The child broke the protocol.') })
}
