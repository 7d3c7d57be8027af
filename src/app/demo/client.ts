/** Speaks to the API as an integrator's program would. Throws an Error with the problem's own words and its `code` when it refuses. */
export type DemoClient = {
  get<T>(path: string): Promise<T>
  post<T>(path: string, json: unknown): Promise<T>
  put<T>(path: string, json: unknown): Promise<T>
  upload<T>(path: string, bytes: Uint8Array<ArrayBuffer>, contentType: string): Promise<T>
  /** Asks again until it is so; gives up after so many minutes. */
  wait<T>(path: string, isDone: (found: T) => boolean, minutes?: number): Promise<T>
}

// Soon enough for who watches, and seldom enough for an hour.
const [SHORTEST_PAUSE, LONGEST_PAUSE] = [50, 1_000]

export function createDemoClient(base: string, key: string): DemoClient {
  async function ask<T>(
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
    contentType?: string,
  ): Promise<T> {
    const response = await fetch(base + path, {
      method,
      headers: { 'X-API-Key': key, ...(contentType === undefined ? {} : { 'Content-Type': contentType }) },
      ...(body === undefined ? {} : { body }),
    })
    const answer = await response.json()
    if (response.ok) return answer as T
    const { detail, code } = answer as { detail: string; code: string }
    throw Object.assign(new Error(`${method} ${path}: ${detail}`), { code })
  }

  const client: DemoClient = {
    get: (path) => ask('GET', path),
    post: (path, json) => ask('POST', path, JSON.stringify(json), 'application/json'),
    put: (path, json) => ask('PUT', path, JSON.stringify(json), 'application/json'),
    upload: (path, bytes, contentType) => ask('POST', path, bytes, contentType),
    async wait<T>(path: string, isDone: (found: T) => boolean, minutes = 2) {
      let pause = SHORTEST_PAUSE
      for (const end = Date.now() + minutes * 60_000; Date.now() < end; ) {
        const found = await client.get<T>(path)
        if (isDone(found)) return found
        await new Promise((resolve) => setTimeout(resolve, pause))
        pause = Math.min(LONGEST_PAUSE, pause * 1.2)
      }
      throw new Error(`${path} took longer than ${minutes} minutes`)
    },
  }
  return client
}
