import { Agent, fetch } from 'undici'
import type { Fetch } from './adapter.ts'

/**
 * A `fetch` for what is answered only when all of the work is done: the runtime's own gives up after five minutes without a header
 * (https://undici.nodejs.org/#/docs/api/Client, headersTimeout). Whoever calls it has a deadline. The body is bytes or a string.
 */
export const patientFetch = ((url, init) => fetch(url as string, { ...(init as object), dispatcher })) as Fetch

const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 })
