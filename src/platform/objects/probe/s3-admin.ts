import { createHash } from 'node:crypto'
import {
  type CORSRule,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'

/** `ruleId` names every rule that is ours. */
type Deps = { client: S3Client; bucket: string; ruleId: string }

export type S3Admin = ReturnType<typeof createS3Admin>

const DIRECT_METHODS = ['GET', 'HEAD', 'PUT']

/**
 * What is set for a whole bucket rather than for an object. Every method rejects with the server's own error; whether that means
 * that the server has no such thing tells `isNotImplemented`.
 */
export function createS3Admin({ client, bucket, ruleId }: Deps) {
  async function lifecycle(abortSignal: AbortSignal) {
    const get = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket })
    return unlessNone(client.send(get, { abortSignal }), 'NoSuchLifecycleConfiguration')
  }

  async function corsRules(abortSignal: AbortSignal): Promise<CORSRule[]> {
    const get = new GetBucketCorsCommand({ Bucket: bucket })
    return (await unlessNone(client.send(get, { abortSignal }), 'NoSuchCORSConfiguration'))?.CORSRules ?? []
  }

  return {
    /** Whether the bucket keeps what is replaced and deleted. */
    async isVersioned(abortSignal: AbortSignal): Promise<boolean> {
      const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }), { abortSignal })
      return Status === 'Enabled'
    },

    /** Whether a rule ends hidden versions of every object after at most so many days. */
    async hiddenExpire(days: number, abortSignal: AbortSignal): Promise<boolean> {
      return ((await lifecycle(abortSignal))?.Rules ?? []).some((rule) => endsHidden(rule, days))
    },

    /** Sets such a rule beside those of others. */
    async expireHidden(days: number, abortSignal: AbortSignal): Promise<void> {
      const { Rules = [], TransitionDefaultMinimumObjectSize } = (await lifecycle(abortSignal)) ?? {}
      const ours: LifecycleRule = {
        ID: ruleId,
        Status: 'Enabled',
        Filter: { Prefix: '' },
        NoncurrentVersionExpiration: { NoncurrentDays: days },
      }
      const put = new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: { Rules: [...Rules.filter(({ ID }) => ID !== ruleId), ours] },
        ...(TransitionDefaultMinimumObjectSize ? { TransitionDefaultMinimumObjectSize } : {}),
      })
      put.middlewareStack.add((next) => (args) => next(digestedAsMd5(args)), DIGEST_STEP)
      await client.send(put, { abortSignal })
    },

    /** The origins whose pages may write and read objects directly. */
    async origins(abortSignal: AbortSignal): Promise<string[]> {
      const rules = (await corsRules(abortSignal)).filter(({ AllowedMethods = [] }) =>
        DIRECT_METHODS.every((method) => AllowedMethods.includes(method)),
      )
      return [...new Set(rules.flatMap(({ AllowedOrigins = [] }) => AllowedOrigins))]
    },

    /** Lets pages of these origins, and of no others that were let before, do so. Returns how many rules of others stay. */
    async allowOrigins(origins: string[], abortSignal: AbortSignal): Promise<number> {
      const others = (await corsRules(abortSignal)).filter((rule) => !isOurs(rule, ruleId))
      const ours: CORSRule = {
        ID: ruleId,
        AllowedOrigins: origins,
        AllowedMethods: DIRECT_METHODS,
        AllowedHeaders: ['*'],
        ExposeHeaders: ['ETag'],
        MaxAgeSeconds: 3600,
      }
      const put = new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [...others, ours] } })
      put.middlewareStack.add((next) => (args) => next(digestedAsMd5(args)), DIGEST_STEP)
      await client.send(put, { abortSignal })
      return others.length
    },
  }
}

/** Whether the server says that it does not have what was asked for. */
export function isNotImplemented(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false
  const { httpStatusCode } = error.$metadata
  return error.name === 'NotImplemented' || httpStatusCode === 501 || httpStatusCode === 405
}

function endsHidden(rule: LifecycleRule, days: number): boolean {
  const { Status, Filter = {}, NoncurrentVersionExpiration: hidden, Prefix = Filter.Prefix ?? '' } = rule
  const isForAll = Prefix === '' && Object.keys(Filter).every((name) => name === 'Prefix')
  const ends = (hidden?.NoncurrentDays ?? Number.POSITIVE_INFINITY) <= days
  return Status === 'Enabled' && isForAll && ends && (hidden?.NewerNoncurrentVersions ?? 0) === 0
}

/** B2 gives rules back without their ids (https://www.backblaze.com/apidocs/s3-get-bucket-cors): ours is known by its shape. */
function isOurs({ ID, ...rule }: CORSRule, ruleId: string): boolean {
  if (ID !== undefined) return ID === ruleId
  const { AllowedMethods = [], AllowedHeaders = [], ExposeHeaders = [], MaxAgeSeconds } = rule
  const isShaped = AllowedMethods.toSorted().join() === DIRECT_METHODS.join() && AllowedHeaders.join() === '*'
  return isShaped && ExposeHeaders.join() === 'ETag' && MaxAgeSeconds === 3600
}

async function unlessNone<T>(promise: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === code) return undefined
    throw error
  }
}

const DIGEST_STEP = { step: 'build', priority: 'low', name: 'digestAsMd5' } as const

/**
 * These requests must carry a digest. The SDK takes CRC32, which stores other than AWS refuse or do not know; all of them take MD5
 * (https://github.com/aws/aws-sdk-js-v3/blob/main/supplemental-docs/MD5_FALLBACK.md).
 */
function digestedAsMd5<T extends { request: unknown }>(args: T): T {
  const request = args.request as { headers: Record<string, string>; body: string }
  const kept = Object.entries(request.headers).filter(([name]) => !/^x-amz-(sdk-)?checksum-/i.test(name))
  const digest = createHash('md5').update(request.body).digest('base64')
  request.headers = { ...Object.fromEntries(kept), 'content-md5': digest }
  return args
}
