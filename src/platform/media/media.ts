/** What a video or a recording holds. `subtitles`: its text tracks, by their stream number. */
export type MediaInfo = {
  seconds: number
  hasAudio: boolean
  subtitles: readonly { stream: number; language: string | null }[]
}

/** A part of a recording's sound that is short and small enough to be transcribed: an MP3 (audio/mpeg). `start` is the film's own time. */
export type Piece = { path: string; start: number; seconds: number }

/**
 * The programs that read films and draw pages: ffprobe, ffmpeg and pdftoppm. Each runs as a process of its own with a deadline, bounded
 * output and no way to the network. Every function throws a `MediaError` where the file is at fault or the program is not installed, and
 * the signal's reason when that aborts.
 */
export type Media = {
  probe(path: string, options: { signal: AbortSignal }): Promise<MediaInfo>
  /** A text track as SubRip. */
  subtitles(path: string, options: { stream: number; signal: AbortSignal }): Promise<Uint8Array>
  /** The sound, split at silences; the same file is always split in the same way. The pieces are written into `folder`, which is the caller's. */
  pieces(path: string, options: { folder: string; signal: AbortSignal }): Promise<Piece[]>
  /** A page of a PDF as a JPEG that a vision model takes. `page` counts from 1. */
  drawPage(
    path: string,
    options: { page: number; signal: AbortSignal },
  ): Promise<{ bytes: Uint8Array; mediaType: string }>
}

/** What may be wrong with a film or page, or with this machine's programs: a code for the material, and a sentence for its owner. */
export const mediaCodes = [
  'media.unreadable',
  'media.no_sound',
  'media.too_long',
  'media.timeout',
  'media.tool_missing',
] as const
export type MediaCode = (typeof mediaCodes)[number]
