import { resolve } from 'node:path'

/** ffmpeg's names of the formats behind our extensions: .mp4 .mov .m4a, .webm .mkv, .mp3, .wav. */
const DEMUXERS = 'mov,matroska,mp3,wav'

/**
 * How ffmpeg and ffprobe are to open a file: this one and nothing that it names. Formats that are lists of other files or addresses
 * (HLS, DASH, concat, image sequences) are not on the list, and by no other way than reading a file is anything opened
 * (https://ffmpeg.org/ffmpeg-protocols.html, protocol_whitelist; https://ffmpeg.org/ffmpeg-formats.html, format_whitelist). References
 * inside of QuickTime files are off by themselves (enable_drefs). One thread: how many run at once is ours to say.
 */
export function inputOf(path: string): string[] {
  const only = ['-protocol_whitelist', 'file', '-format_whitelist', DEMUXERS]
  return ['-threads', '1', ...only, '-i', `file:${resolve(path)}`]
}

/** Before everything else: errors only, no questions, no banner. */
export const quiet = ['-nostdin', '-hide_banner', '-v', 'error']
