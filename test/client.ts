/** What came back. `body` is the parsed JSON, the text where it is none, null where there is nothing. */
// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body, and fails when that is not there
export type Answer = { status: number; headers: Headers; body: any }

export type RequestOptions = {
  headers?: Record<string, string>
  /** Sent as JSON. */
  json?: unknown
  /** Sent as it is. */
  body?: string | Uint8Array | Blob | FormData | ReadableStream
}

export type Client = {
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, json?: unknown, headers?: Record<string, string>): Promise<Answer>
  put(path: string, json: unknown, headers?: Record<string, string>): Promise<Answer>
  patch(path: string, json: unknown): Promise<Answer>
  delete(path: string): Promise<Answer>
}

const PREFIX = '/api/v1'

/** Speaks HTTP to the app. Paths are below `/api/v1` unless they begin with `//`. */
export function createClient(url: string, key?: string): Client {
  async function request(
    method: string,
    path: string,
    { headers = {}, json, body }: RequestOptions = {},
  ): Promise<Answer> {
    const payload = json === undefined ? body : JSON.stringify(json)
    const response = await fetch(`${url}${path.startsWith('//') ? path.slice(1) : PREFIX + path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(key === undefined ? {} : { 'x-api-key': key }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload === undefined ? {} : { body: payload, duplex: 'half' }),
    } as RequestInit)
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: parse(text) }
  }
  return {
    request,
    get: (path, headers) => request('GET', path, { ...(headers ? { headers } : {}) }),
    post: (path, json, headers) => request('POST', path, { json, ...(headers ? { headers } : {}) }),
    put: (path, json, headers) => request('PUT', path, { json, ...(headers ? { headers } : {}) }),
    patch: (path, json) => request('PATCH', path, { json }),
    delete: (path) => request('DELETE', path),
  }
}

function parse(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
