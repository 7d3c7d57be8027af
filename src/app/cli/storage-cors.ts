import { type Command, InvalidArgumentError } from 'commander'
import { Failure } from '#kernel/failure.ts'
import type { ObjectsConfig } from '../config.ts'
import { isOrigin } from '../config-reader.ts'
import { HINTS, RULE_ID } from './storage-hints.ts'
import type { Terminal } from './terminal.ts'

type Options = { origin: string[]; json?: boolean }

const DEADLINE_MS = 30_000

/** Adds `cors` to the `storage` commands. */
export function corsCommand(storage: Command, { out, config }: Terminal) {
  storage
    .command('cors')
    .description('let the pages of these origins, and of no others, upload and download directly')
    .requiredOption('--origin <origin>', 'such as https://lms.example; may be given several times', origin)
    .option('--json', 'print JSON')
    .action(async ({ origin: origins, json }: Options) => {
      const { objects } = config()
      if (objects.kind !== 's3') throw noBucket()
      const others = await allowOrigins(objects, origins)
      const kept = others === 0 ? '' : ` Rules of others that stay: ${others}.`
      const text = `Pages of ${origins.join(', ')} may write to and read from ${objects.bucket}.${kept}`
      out(json ? JSON.stringify({ bucket: objects.bucket, origins, other_rules: others }) : text)
    })
}

type S3Config = Extract<ObjectsConfig, { kind: 's3' }>

async function allowOrigins(objects: S3Config, origins: string[]): Promise<number> {
  const { createProbeClient } = await import('#platform/objects/probe/s3-probe.ts')
  const { createS3Admin, isNotImplemented } = await import('#platform/objects/probe/s3-admin.ts')
  const client = createProbeClient(objects)
  try {
    const admin = createS3Admin({ client, bucket: objects.bucket, ruleId: RULE_ID })
    return await admin.allowOrigins(origins, AbortSignal.timeout(DEADLINE_MS))
  } catch (error) {
    if (isNotImplemented(error)) throw noCors()
    throw new Error(`The bucket's CORS rules were not changed: ${reasonOf(error)}`, { cause: error })
  } finally {
    client.destroy()
  }
}

function reasonOf(error: unknown): string {
  const { name = '', message = '' } = error instanceof Error ? error : {}
  const hint = HINTS[error instanceof Error && 'code' in error ? String(error.code) : name]
  return hint ?? (message === '' ? name : message)
}

/** Gathers every use of the option. */
function origin(value: string, before: string[] = []): string[] {
  if (!isOrigin(value)) throw new InvalidArgumentError('must be an origin such as https://lms.example.')
  return before.includes(value) ? before : [...before, value]
}

const noBucket = () =>
  new Failure('invalid', 'storage.no_bucket', 'There is no bucket (S3_ENDPOINT is not set): files need no CORS rules.')

const noCors = () =>
  new Failure(
    'unavailable',
    'storage.no_cors',
    "The server takes no CORS rules by its S3 API: set them in the provider's console.",
  )
