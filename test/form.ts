/** One part of a form; with a `disposition`, whose words the test chooses, in place of `name` and `filename`. */
export type FormPart = {
  name?: string
  filename?: string
  disposition?: string
  type?: string
  content: string | Uint8Array
}

const BOUNDARY = '----course-supporter-test'

/** A `multipart/form-data` body in the bytes it is sent as, in the order given. */
export function form(...parts: FormPart[]): { headers: { 'content-type': string }; body: Uint8Array } {
  const pieces = parts.flatMap(({ name, filename, type, content, disposition = dispositionOf(name, filename) }) => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: ${disposition}\r\n`),
    Buffer.from(type === undefined ? '\r\n' : `Content-Type: ${type}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ])
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: Buffer.concat([...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  }
}

function dispositionOf(name: string | undefined, filename: string | undefined) {
  return `form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}`
}
