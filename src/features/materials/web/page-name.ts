import { extname } from 'node:path'

const EXTENSIONS: Record<string, string> = {
  'text/html': '.html',
  'application/xhtml+xml': '.html',
  'text/plain': '.txt',
  'text/markdown': '.md',
  'text/x-markdown': '.md',
  'text/vtt': '.vtt',
  'text/srt': '.srt',
  'application/x-subrip': '.srt',
  'application/pdf': '.pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': '.docx',
}

/** A file name for what an address gave: the last part of its path, or its host, with the extension of what it is. */
export function pageName(url: string, contentType: string): string {
  const { hostname, pathname } = new URL(url)
  const [essence = ''] = contentType.split(';')
  const extension = EXTENSIONS[essence.trim()] ?? ''
  const last = unescaped(pathname.split('/').findLast(Boolean) ?? hostname)
  const name = last.replace(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, 100)
  return extension === '' || extname(name).toLowerCase() === extension ? name : `${name}${extension}`
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text).normalize('NFC')
  } catch {
    return text
  }
}
