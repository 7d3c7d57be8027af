import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ExtractionCode, ExtractionError, type Extractor, requireRecording } from '#platform/extract/index.ts'
import type { TimedText } from '#platform/llm/llm.ts'
import { type Media, MediaError, type MediaInfo, type Piece } from '#platform/media/index.ts'
import type { Scratch } from '#platform/scratch/index.ts'
import { inOrder } from '#platform/turns/index.ts'
import { contentTypeOf } from '../formats.ts'
import { noSound, nothingSaid, transcriptionNotConfigured } from './failures.ts'
import type { Order, Reading } from './order.ts'
import type { Paid } from './paid.ts'
import { copyTo, type Source } from './source.ts'
import { subtitlesOf } from './subtitles.ts'

type Deps = { extractor: Pick<Extractor, 'extract'>; media: Media; scratch: Pick<Scratch, 'use'>; paid: Paid }

const ACTION = 'transcription'

/** Another one when pieces are made so differently that what was bought for the old ones no longer fits. */
const PIECES = 'pieces@1'

/** Pieces under way at the same time: each is held in memory as long as that. */
const AT_ONCE = 3

/** Of a film's text tracks, the first that can be read counts; a film with dozens is not worth reading through dozens of times. */
const MOST_TRACKS = 5

/** Films and recordings: their own subtitles where they have some, else what models hear. */
export function createRecordings({ extractor, media, scratch, paid }: Deps) {
  return (source: Source, order: Order): Promise<Reading> =>
    scratch.use(async (folder) => {
      const { signal, progress } = order
      const path = join(folder, 'recording')
      const sha256 = await copyTo(path, source, signal)
      requireRecording(await headOf(path))
      progress(0.05)
      const info = await media.probe(path, { signal })
      const read = await readTracks(path, info, order)
      if (read !== undefined) return { ...read, told: {} }
      if (!info.hasAudio) throw noSound()
      if ((await paid.models(order, ACTION)).length === 0) throw transcriptionNotConfigured()
      const own = join(folder, 'pieces')
      await mkdir(own)
      const pieces = await media.pieces(path, { folder: own, signal })
      progress(0.1)
      const texts = await transcribe(pieces, sha256, order)
      if (texts.length === 0) throw nothingSaid()
      const { title, chunks } = await readAsSubtitles(Buffer.from(subtitlesOf(texts)), order)
      const seconds = pieces.reduce((sum, piece) => sum + piece.seconds, 0)
      return { title, chunks, told: { transcribed_seconds: Math.round(seconds) } }
    })

  /** The passages of the first text track that has any; undefined when none has. */
  async function readTracks(path: string, { subtitles }: MediaInfo, order: Order) {
    for (const { stream } of subtitles.slice(0, MOST_TRACKS)) {
      try {
        return await readAsSubtitles(await media.subtitles(path, { stream, signal: order.signal }), order)
      } catch (error) {
        if (!isUseless(error)) throw error
      }
    }
    return undefined
  }

  async function readAsSubtitles(bytes: Uint8Array, { tenantId, signal }: Order) {
    const { title, chunks } = await extractor.extract({ format: 'srt', body: once(bytes), signal, turn: tenantId })
    return { title, chunks }
  }

  function transcribe(pieces: readonly Piece[], sha256: string, order: Order): Promise<TimedText[]> {
    const { material, signal, progress } = order
    let done = 0
    return paid.steps(order, async ({ transcribe }) => {
      const heard = await inOrder(pieces, { width: AT_ONCE, signal }, async ({ path, start, seconds }) => {
        const [from, long] = [toMilliseconds(start), toMilliseconds(seconds)]
        const name = `transcribe ${Math.round(start)}–${Math.round(start + seconds)} s`
        const content = { sha256, from, milliseconds: long, pieces: PIECES }
        const sound = { bytes: await readFile(path), mediaType: contentTypeOf(path, null) ?? 'audio/mpeg' }
        const texts = await transcribe(
          { name, action: ACTION, materialId: material.id, content },
          { ...sound, promptVersion: PIECES, milliseconds: long },
        )
        done += 1
        progress(0.1 + (0.85 * done) / pieces.length)
        return texts.map(({ text, ...time }) => ({ text, start: time.start + start, end: time.end + start }))
      })
      return heard.flat()
    })
  }
}

const HEAD_BYTES = 1024

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(HEAD_BYTES), length: HEAD_BYTES })
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

const toMilliseconds = (seconds: number) => Math.round(seconds * 1_000)

const NO_TEXT: readonly ExtractionCode[] = ['extract.empty', 'extract.unreadable']

/** A track without text, or one that is damaged, while the rest of the film may be sound. */
function isUseless(error: unknown): boolean {
  if (error instanceof MediaError) return error.code === 'media.unreadable'
  return error instanceof ExtractionError && NO_TEXT.includes(error.code)
}

async function* once(bytes: Uint8Array) {
  yield bytes
}
