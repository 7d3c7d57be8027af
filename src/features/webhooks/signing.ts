import { createHmac, randomBytes } from 'node:crypto'

// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

const PREFIX = 'whsec_'

/** A new secret, as the receiver gets it. */
export function newSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64')}`
}

type Message = { id: string; at: Date; body: string }

/** The headers by which the receiver knows that a message is ours and fresh. `at`: the moment of this attempt. */
export function signedHeaders(secret: string, { id, at, body }: Message): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000))
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
