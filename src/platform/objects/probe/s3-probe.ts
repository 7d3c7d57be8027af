import { randomUUID } from 'node:crypto'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { refuseEndpoint } from '../endpoint.ts'
import { createPresign } from '../s3-presign.ts'
import type { S3Options } from '../s3-store.ts'
import { type ProbeRow, runSteps } from './probe.ts'
import { createS3Admin } from './s3-admin.ts'
import { bucketSteps } from './s3-probe-bucket.ts'
import { cleanUpStep } from './s3-probe-cleanup.ts'
import type { ProbeContext } from './s3-probe-context.ts'
import { multipartSteps } from './s3-probe-multipart.ts'
import { objectSteps } from './s3-probe-objects.ts'

/** `ruleId` names the rule that is set where one is missing; `deadlineMs` is that of one step. */
export type S3ProbeOptions = { ruleId: string; deadlineMs?: number; now?: () => number }

const DEADLINE_MS = 20_000

/**
 * Tries on a bucket all that this program relies on, below a prefix of its own. Nothing of it stays but the rule for hidden
 * versions, where one was missing.
 */
export async function probeS3(
  options: S3Options,
  { ruleId, deadlineMs = DEADLINE_MS, now = Date.now }: S3ProbeOptions,
): Promise<ProbeRow[]> {
  const client = createProbeClient(options)
  const context: ProbeContext = {
    client,
    presign: createPresign({ ...options, sha256: client.config.sha256 }),
    stranger: createProbeClient({ ...options, secretKey: `${options.secretKey}x` }),
    bucket: options.bucket,
    prefix: `probe/${randomUUID()}/`,
    seen: { clockMs: undefined, versioned: undefined },
  }
  noteClock(context, now)
  const admin = createS3Admin({ ...context, ruleId })
  try {
    const rows = await runSteps(entrySteps(context), deadlineMs)
    // What cannot be asked at all is told once.
    if (rows[0]?.result !== 'ok') return rows
    const steps = [...objectSteps(context), ...multipartSteps(context, deadlineMs), ...bucketSteps(context, admin)]
    rows.push(...(await runSteps(steps, deadlineMs)))
    rows.push(...(await runSteps([cleanUpStep(context)], deadlineMs * 3)))
    return rows
  } finally {
    context.client.destroy()
    context.stranger.destroy()
  }
}

/** A client as the store's, which gives up sooner: an operator waits. Throws a TypeError for an endpoint without TLS. */
export function createProbeClient({ endpoint, region, accessKey, secretKey }: S3Options): S3Client {
  const wrong = refuseEndpoint(endpoint)
  if (wrong !== undefined) throw new TypeError(`The S3 endpoint ${wrong}.`)
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 5_000 },
  })
}

function noteClock({ client, seen }: ProbeContext, now: () => number): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args)
      const { headers } = answer.response as { headers: Record<string, string> }
      const time = Date.parse(headers['date'] ?? '')
      if (!Number.isNaN(time)) seen.clockMs = time - now()
      return answer
    },
    // Next to the wire, where an answer that is an error passes too.
    { step: 'deserialize', priority: 'low', name: 'noteClock' },
  )
}

/** A URL signed by a slow clock has ended before its time, one signed by a fast clock has not begun. */
const MAX_SKEW_MS = 30_000

function entrySteps({ client, stranger, bucket, seen }: ProbeContext) {
  const list = () => new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 })
  return [
    {
      what: 'the bucket answers to our key',
      needed: true,
      run: async (abortSignal: AbortSignal) => void (await client.send(list(), { abortSignal })),
    },
    {
      what: 'its clock and ours agree',
      needed: true,
      run: async () => {
        if (seen.clockMs === undefined) throw new Error('the server does not tell its time')
        const seconds = Math.round(Math.abs(seen.clockMs) / 1000)
        const where = seen.clockMs < 0 ? 'ahead' : 'behind'
        if (Math.abs(seen.clockMs) > MAX_SKEW_MS) throw new Error(`our clock is ${seconds} s ${where}`)
        return seconds < 2 ? undefined : `ours is ${seconds} s ${where}`
      },
    },
    {
      what: 'a wrong secret is refused',
      needed: true,
      run: async (abortSignal: AbortSignal) => {
        const status = await stranger.send(list(), { abortSignal }).then(
          () => 200,
          (error) => error.$metadata?.httpStatusCode,
        )
        if (status === 200) throw new Error('the bucket answered to it')
        if (status !== 403 && status !== 401) throw new Error(`answered ${status ?? 'nothing'} instead of 403`)
      },
    },
  ]
}
