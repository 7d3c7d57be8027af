import type { IncomingHttpHeaders } from 'node:http'
import type { Bucket } from './bucket.ts'
import type { Handlers, S3Request } from './request.ts'
import { S3Error } from './s3-error.ts'
import { elementsOf, malformed, textsOf, xmlDocument, xmlOfParts } from './xml.ts'

type ConfigurationOperation =
  | 'GetBucketVersioning'
  | 'GetBucketCors'
  | 'PutBucketCors'
  | 'GetBucketLifecycleConfiguration'
  | 'PutBucketLifecycleConfiguration'

type Deps = { bucket: Bucket; ruleIds: boolean }

const XML = { 'Content-Type': 'application/xml' }
const METHODS = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE']

/** What is set for the whole bucket. With `ruleIds` false, the ids of CORS rules are not given back, as B2 shows it. */
export function createConfiguration({ bucket, ruleIds }: Deps) {
  let cors: string[] = []
  let lifecycle: string[] = []

  const handlers: Handlers<ConfigurationOperation> = {
    GetBucketVersioning() {
      const body = xmlDocument('VersioningConfiguration', bucket.versioned ? { Status: 'Enabled' } : {})
      return { status: 200, headers: XML, body }
    },
    GetBucketCors() {
      if (cors.length === 0) {
        throw new S3Error(404, 'NoSuchCORSConfiguration', 'The CORS configuration does not exist')
      }
      const shown = ruleIds ? cors : cors.map((rule) => rule.replace(/<ID>.*?<\/ID>/s, ''))
      return { status: 200, headers: XML, body: xmlOfParts('CORSConfiguration', 'CORSRule', shown) }
    },
    PutBucketCors(request) {
      cors = rulesIn(request, 'CORSRule', 100)
      const isRule = (rule: string) =>
        textsOf(rule, 'AllowedOrigin').length > 0 &&
        textsOf(rule, 'AllowedMethod').length > 0 &&
        textsOf(rule, 'AllowedMethod').every((method) => METHODS.includes(method))
      if (!cors.every(isRule)) throw malformed()
      return { status: 200 }
    },
    GetBucketLifecycleConfiguration() {
      if (lifecycle.length === 0) {
        throw new S3Error(404, 'NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist')
      }
      return { status: 200, headers: XML, body: xmlOfParts('LifecycleConfiguration', 'Rule', lifecycle) }
    },
    PutBucketLifecycleConfiguration(request) {
      const rules = rulesIn(request, 'Rule', 1000)
      const isRule = (rule: string) =>
        /<Status>(Enabled|Disabled)<\/Status>/.test(rule) &&
        /<(Filter|Prefix)\b/.test(rule) &&
        /<(Expiration|NoncurrentVersionExpiration|AbortIncompleteMultipartUpload)>/.test(rule)
      if (!rules.every(isRule)) throw malformed()
      lifecycle = rules
      return { status: 200 }
    },
  }

  /** The headers by which a browser lets a page of this origin read the answer; undefined when no rule allows it. */
  function allowed(headers: IncomingHttpHeaders, method: string): Record<string, string> | undefined {
    const { origin } = headers
    const wanted = String(headers['access-control-request-headers'] ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== '')
    const rule = cors.find(
      (one) =>
        textsOf(one, 'AllowedMethod').includes(method) &&
        textsOf(one, 'AllowedOrigin').some((pattern) => pattern === '*' || pattern === origin) &&
        wanted.every((name) => textsOf(one, 'AllowedHeader').some((p) => p === '*' || p.toLowerCase() === name)),
    )
    if (origin === undefined || rule === undefined) return undefined
    const exposed = textsOf(rule, 'ExposeHeader').join(', ')
    return {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Methods': textsOf(rule, 'AllowedMethod').join(', '),
      ...(wanted.length === 0 ? {} : { 'Access-Control-Allow-Headers': wanted.join(', ') }),
      ...(exposed === '' ? {} : { 'Access-Control-Expose-Headers': exposed }),
      Vary: 'Origin',
    }
  }

  return { handlers, allowed, rules: () => ({ cors, lifecycle }) }
}

function rulesIn({ headers, body }: S3Request, name: string, most: number): string[] {
  if (headers['content-md5'] === undefined) {
    throw new S3Error(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5')
  }
  const rules = elementsOf(body.bytes.toString(), name)
  if (rules.length === 0 || rules.length > most) throw malformed()
  return rules
}
