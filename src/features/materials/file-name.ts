import { invalid } from '#kernel/failure.ts'

/** The name as it is; a 422 unless it is a plain file name that can be kept. */
export function requireFileName(filename: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (filename.trim() === '' || [...filename].length > 255 || /[\u0000-\u001f\u007f/\\]/.test(filename)) {
    throw invalid('filename', 'must be a plain file name of 1 to 255 characters')
  }
  return filename
}

/** Only tells; the file's extension decides. One that could not be kept is as good as none. */
export const saneType = (contentType: string | null) =>
  contentType !== null && /^[\x20-\x7e]{1,255}$/.test(contentType) ? contentType : null
