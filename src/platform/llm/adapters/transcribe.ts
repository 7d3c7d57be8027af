import type { Access, Transcribe } from './adapter.ts'

/**
 * OpenAI's transcriptions, which servers of one's own speak as well: https://developers.openai.com/api/docs/guides/speech-to-text. Not by the
 * package, which insists on fields that only OpenAI's own answer has: vLLM's `duration` is a string, whisper.cpp's segments lack some.
 * The sound, the model's name and the wanted format are all that is sent.
 */
export function createTranscribe({ apiKey, baseUrl }: Access, theirs: string): Transcribe {
  return async ({ id }, { bytes, mediaType }, { fetch, signal }) => {
    const form = new FormData()
    form.append('model', id)
    form.append('response_format', 'verbose_json')
    form.append('timestamp_granularities[]', 'segment')
    const [type = ''] = mediaType.split(';')
    form.append('file', new File([new Uint8Array(bytes)], `piece.${extensionOf(type.trim())}`, { type }))
    // As bytes, so that any `fetch` takes it.
    const body = new Response(form)
    const headers = new Headers({ 'content-type': body.headers.get('content-type') ?? '', accept: 'application/json' })
    if (apiKey !== undefined) headers.set('authorization', `Bearer ${apiKey}`)
    const url = `${(baseUrl ?? theirs).replace(/\/+$/, '')}/audio/transcriptions`
    const response = await fetch(url, { method: 'POST', headers, body: await body.bytes(), signal })
    const text = await response.text()
    if (!response.ok) throw new Refused(response, text)
    return text
  }
}

// OpenAI goes by the name's extension: https://developers.openai.com/api/docs/guides/speech-to-text lists what it takes.
const EXTENSIONS: Record<string, string> = {
  'audio/ogg': 'ogg',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/webm': 'webm',
  'audio/flac': 'flac',
}

function extensionOf(type: string): string {
  const extension = EXTENSIONS[type]
  if (extension === undefined) throw new TypeError(`Sound of the type ${type} cannot be sent.`)
  return extension
}

/** The provider did not accept a request; what the packages of the others tell in their errors. */
class Refused extends Error {
  readonly statusCode: number
  readonly responseHeaders: Record<string, string>
  readonly responseBody: string
  readonly data: unknown

  constructor({ status, headers }: Response, body: string) {
    super(`The provider answers ${status}.`)
    this.statusCode = status
    this.responseHeaders = Object.fromEntries(headers)
    this.responseBody = body
    this.data = parsed(body)
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
