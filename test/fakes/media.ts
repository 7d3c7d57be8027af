import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Media, MediaError, type MediaInfo } from '#platform/media/index.ts'

export type Film = {
  seconds: number
  hasAudio?: boolean
  /** Text tracks, as SubRip. */
  subtitles?: string[]
  /** Where its sound is cut: the beginnings of the pieces, in seconds. */
  cuts?: number[]
}

/** What Matroska and WebM begin with: RFC 8794, 11.2.1. */
const MAGIC = Buffer.from([0x1a, 0x45, 0xdf, 0xa3])

/** The bytes of a film that `fakeMedia` reads; a text is a damaged one. */
export const film = (inside: Film | string): Buffer =>
  Buffer.concat([MAGIC, Buffer.from(typeof inside === 'string' ? inside : JSON.stringify(inside))])

export type FakeMedia = Media & {
  /** What was asked of it, oldest first: `drawPage 3`. */
  asked: string[]
  /** Called before anything is done. */
  before: (what: string) => Promise<void>
}

/** Reads films that are JSON behind the magic bytes of one. The bytes of a piece say which it is; so do those of a page, after what every JPEG begins with. */
export function fakeMedia(): FakeMedia {
  const asked: string[] = []
  const media: FakeMedia = {
    asked,
    before: async () => undefined,
    async probe(path, { signal }) {
      const { seconds, hasAudio = true, subtitles = [] } = await open('probe', path, signal)
      return {
        seconds,
        hasAudio,
        subtitles: subtitles.map((_, stream) => ({ stream, language: null })),
      } satisfies MediaInfo
    },
    async subtitles(path, { stream, signal }) {
      const { subtitles = [] } = await open(`subtitles ${stream}`, path, signal)
      return Buffer.from(subtitles[stream] ?? '')
    },
    async pieces(path, { folder, signal }) {
      const { seconds, cuts = [0] } = await open('pieces', path, signal)
      return Promise.all(
        cuts.map(async (start, index) => {
          const piece = join(folder, `piece-${index}.mp3`)
          const long = (cuts[index + 1] ?? seconds) - start
          await writeFile(piece, soundOf(start, long))
          return { path: piece, start, seconds: long }
        }),
      )
    },
    async drawPage(path, { page, signal }) {
      await told(`drawPage ${page}`, signal)
      if (!(await readFile(path)).includes('%PDF-')) throw new MediaError('media.unreadable')
      return { bytes: pictureOf(page), mediaType: 'image/jpeg' }
    },
  }

  async function open(what: string, path: string, signal: AbortSignal): Promise<Film> {
    await told(what, signal)
    try {
      return JSON.parse((await readFile(path)).subarray(MAGIC.length).toString())
    } catch (cause) {
      throw new MediaError('media.unreadable', undefined, { cause })
    }
  }

  async function told(what: string, signal: AbortSignal) {
    asked.push(what)
    await media.before(what)
    signal.throwIfAborted()
  }

  return media
}

// As many bytes as the fake provider takes for so many seconds.
const soundOf = (start: number, seconds: number) => Buffer.alloc(seconds * 2_000, `sound from ${start} s. `)

/** What `fakeMedia` draws. */
export const pictureOf = (page: number): Buffer => Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...Buffer.from(`page ${page}`)])

/** A machine on which nothing is installed. */
export const noMedia: Media = {
  probe: missing,
  subtitles: missing,
  pieces: missing,
  drawPage: missing,
}

async function missing(): Promise<never> {
  throw new MediaError('media.tool_missing')
}
