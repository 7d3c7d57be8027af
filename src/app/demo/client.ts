/** Speaks to the API as an integrator's program would. Throws an Error with the problem's own words when it refuses. */
export type DemoClient = {
  get<T>(path: string): Promise<T>
  post<T>(path: string, json: unknown): Promise<T>
  upload<T>(path: string, bytes: Uint8Array<ArrayBuffer>, contentType: string): Promise<T>
  /** Asks again until it is so; gives up after two minutes. */
  wait<T>(path: string, isDone: (found: T) => boolean): Promise<T>
}

const PATIENCE = 120_000

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
    if (!response.ok) throw new Error(`${method} ${path}: ${(answer as { detail: string }).detail}`)
    return answer as T
  }

  const client: DemoClient = {
    get: (path) => ask('GET', path),
    post: (path, json) => ask('POST', path, JSON.stringify(json), 'application/json'),
    upload: (path, bytes, contentType) => ask('POST', path, bytes, contentType),
    async wait<T>(path: string, isDone: (found: T) => boolean) {
      for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
        const found = await client.get<T>(path)
        if (isDone(found)) return found
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      throw new Error(`${path} took longer than two minutes`)
    },
  }
  return client
}
