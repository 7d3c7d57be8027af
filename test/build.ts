import type { Client } from './client.ts'

type Uploaded = { id: string; [field: string]: unknown }

/** Makes parts of the world through the API, as an integrator would. Each fails loudly when the API refuses. */
export const build = {
  async course(client: Client, fields: Record<string, unknown> = {}): Promise<{ id: string }> {
    return expectStatus(201, await client.post('/courses', { title: 'Python для початківців', ...fields }))
  },
  /** A file as its bytes. */
  async material(
    client: Client,
    courseId: string,
    { filename = 'урок.md', text = '# Вступ\n\nЗмінна — це імʼя.', type = 'text' } = {},
  ): Promise<Uploaded> {
    const query = new URLSearchParams({ source_type: type, filename })
    return expectStatus(
      201,
      await client.request('POST', `/courses/${courseId}/materials?${query}`, {
        body: text,
        headers: { 'content-type': 'text/plain' },
      }),
    )
  },
  /** A material that a running worker has read. */
  async readMaterial(
    client: Client,
    courseId: string,
    options: { filename?: string; text?: string; type?: string } = {},
  ) {
    return build.read(client, (await build.material(client, courseId, options)).id)
  },
  /** A material once a running worker has read it. */
  async read(client: Client, id: string): Promise<Uploaded> {
    const { body } = await until(
      () => client.get(`/materials/${id}`),
      ({ body }) => body.status === 'done' || body.status === 'error',
    )
    return body
  },
  /** A job once it has ended, however. */
  async endedJob(client: Client, id: string) {
    const { body } = await until(
      () => client.get(`/jobs/${id}`),
      ({ body }) => !['queued', 'running'].includes(body.status),
    )
    return body
  },
  /** Generates the structure with a running worker; returns the course in detail. */
  async structure(client: Client, courseId: string, order: Record<string, unknown> = {}) {
    const { job_id: id } = expectStatus(202, await client.post(`/courses/${courseId}/structure`, order))
    const job = await build.endedJob(client, id)
    if (job.status !== 'done') throw new Error(`The job ended as ${JSON.stringify(job)}`)
    return expectStatus(200, await client.get(`/courses/${courseId}`))
  },
}

function expectStatus<T extends { status: number; body: unknown }>(status: number, answer: T): T['body'] {
  if (answer.status !== status)
    throw new Error(`Expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** Asks again and again until the answer is right. Gives up after so many seconds, far beyond what anything takes. */
export async function until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean, seconds = 20): Promise<T> {
  for (const end = Date.now() + seconds * 1_000; ; ) {
    const answer = await ask()
    if (isRight(answer)) return answer
    if (Date.now() > end) throw new Error(`Still not right after ${seconds} s: ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
