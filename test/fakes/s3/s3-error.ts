/** An answer of S3 that is an error document. */
export class S3Error extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'S3Error'
    this.status = status
    this.code = code
  }
}

export function notImplemented(what: string): S3Error {
  return new S3Error(501, 'NotImplemented', `This server does not implement ${what}.`)
}
