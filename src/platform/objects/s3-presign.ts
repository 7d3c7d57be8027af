import { S3RequestPresigner } from '@aws-sdk/s3-request-presigner'
import type { SignedRequest } from './store.ts'

export type Presign = (
  method: 'GET' | 'PUT',
  key: string,
  options: {
    seconds: number
    query?: Record<string, string>
    /** Covered by the signature, but for Content-Type: who sends the request must send these. */
    headers?: Record<string, string>
  },
) => Promise<SignedRequest>

type Deps = {
  endpoint: string
  region: string
  accessKey: string
  secretKey: string
  bucket: string
  sha256: ConstructorParameters<typeof S3RequestPresigner>[0]['sha256']
}

/** Signs requests for objects of one bucket in their URLs, without their bodies. */
export function createPresign({ endpoint, region, accessKey, secretKey, bucket, sha256 }: Deps): Presign {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey }
  const presigner = new S3RequestPresigner({ region, credentials, sha256 })
  const { protocol, hostname, port, origin, pathname } = new URL(endpoint)
  const host = { protocol, hostname, ...(port === '' ? {} : { port: Number(port) }) }
  const base = pathname.replace(/\/$/, '')

  return async (method, key, { seconds, query = {}, headers = {} }) => {
    const path = `${base}/${encoded(bucket)}/${key}`
    const signed = await presigner.presign(
      { ...host, method, path, query, headers: { ...headers } },
      // The signer would move headers into the query, where not every store looks for them.
      { expiresIn: seconds, unhoistableHeaders: new Set(Object.keys(headers)) },
    )
    const fields = Object.entries(signed.query ?? {}).map(
      ([name, value]) => `${encoded(name)}=${encoded(String(value))}`,
    )
    return { url: `${origin}${path}?${fields.join('&')}`, headers }
  }
}

/** As AWS's signature wants it: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}
