import { request } from 'node:http'
import type { Answer } from './client.ts'

export type OpenRequest = {
  send(bytes: string | Uint8Array): void
  finish(): void
  /** Ends the connection, as a client does that goes away. */
  cut(): void
  /** Rejects when the connection ended without an answer. */
  answer: Promise<Pick<Answer, 'status' | 'body'> & { headers: NodeJS.Dict<string | string[]> }>
}

/** A request whose body is sent piece by piece, as the test pleases. Nothing is sent but the head until then. */
export function openRequest(
  url: string,
  headers: Record<string, string | number>,
  method: 'POST' | 'PATCH' = 'POST',
): OpenRequest {
  const sending = request(url, { method, agent: false, headers })
  sending.flushHeaders()
  const answer = new Promise<Awaited<OpenRequest['answer']>>((resolve, reject) => {
    sending.on('error', reject)
    sending.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('error', reject)
      response.on('end', () => {
        // What is left of the body is nobody's any more.
        sending.destroy()
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text === '' ? null : JSON.parse(text),
        })
      })
    })
  })
  answer.catch(() => undefined)
  return {
    send: (bytes) => void sending.write(bytes),
    finish: () => void sending.end(),
    cut: () => void sending.destroy(),
    answer,
  }
}
