/** Why a page could not be fetched. Stable: may be stored and shown to a customer. */
export type WebErrorCode =
  | 'web.refused_address'
  | 'web.bad_url'
  | 'web.unreachable'
  | 'web.timeout'
  | 'web.too_large'
  | 'web.bad_type'
  | 'web.bad_status'
  | 'web.too_many_redirects'

type Extra = { transient?: boolean; cause?: unknown }

/**
 * A page that could not be fetched. `message` is a sentence that a customer may read: it names no address that they did not
 * write themselves. `transient` says that trying again later may help.
 */
export class WebError extends Error {
  readonly code: WebErrorCode
  readonly transient: boolean

  constructor(code: WebErrorCode, message: string, { transient = false, cause }: Extra = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'WebError'
    this.code = code
    this.transient = transient
  }
}
