import { isIPv6 } from 'node:net'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { refuseEndpoint } from '#platform/objects/index.ts'
import { createReader, type Env, isAddressRange, isOrigin, type Reader } from './config-reader.ts'
import { type LlmConfig, readLlmConfig } from './llm-config.ts'

export { ConfigError } from './config-reader.ts'

export type DatabaseConfig =
  | { kind: 'embedded'; folder: string }
  /** `queueUrl` and `migrationUrl` are empty for programs that need no such role. */
  | { kind: 'server'; appUrl: string; queueUrl: string; migrationUrl: string }

export type ObjectsConfig =
  | { kind: 'files'; folder: string }
  | { kind: 's3'; endpoint: string; region: string; accessKey: string; secretKey: string; bucket: string }

export type Config = {
  environment: 'development' | 'test' | 'production'
  dataDir: string
  log: { level: string; pretty: boolean }
  http: { host: string; port: number; corsOrigins: string[]; trustedProxies: string[]; processes: number }
  database: DatabaseConfig
  objects: ObjectsConfig
  /** Where a worker keeps files for as long as it reads them. */
  scratchDir: string
  llm: LlmConfig
  redisUrl: string | undefined
  /** For monitoring; `port` 0: not at all. The files hold the time of the last backup, and of the last that was restored and compared. */
  metrics: { host: string; port: number; lastBackupFile: string | undefined; lastRestoreCheckFile: string | undefined }
  maxUploadBytes: number
  /** Uploads that one API process takes at once. */
  maxConcurrentUploads: number
  /** Jobs that one worker process runs at once. */
  workerSlots: number
  /** Where webhooks may be sent: to the public internet alone, or to this machine and its networks, too. */
  webhookTargets: 'public' | 'nearby'
  /** How long a stop waits for what runs. */
  drainMs: number
}

/** What a program needs beside the application's own role: that of the queue's owner; that of the tables' owner, which only `migrate` does. */
export type Needs = { queue?: boolean; migration?: boolean }

const GIB = 1024 ** 3

/** The whole configuration, from the environment and nothing else. Throws a ConfigError that names every wrong variable. */
export function readConfig(env: Env, needs: Needs = {}): Config {
  const read = createReader(env)
  const environment = read.oneOf('ENVIRONMENT', ['development', 'test', 'production'], 'development')
  const inProduction = environment === 'production'
  const dataDir = resolve(read.text('DATA_DIR', '.data'))
  const config: Config = {
    environment,
    dataDir,
    log: {
      level: read.oneOf('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
      pretty: !inProduction,
    },
    http: {
      host: read.text('HOST', inProduction ? '0.0.0.0' : '127.0.0.1'),
      port: read.integer('PORT', 8000, { min: 0, max: 65_535 }),
      corsOrigins: read.list('CORS_ALLOWED_ORIGINS', isOrigin, 'origins such as https://lms.example'),
      trustedProxies: read.list('TRUSTED_PROXIES', isAddressRange, 'addresses or ranges such as 172.16.0.0/12'),
      processes: read.integer('WEB_CONCURRENCY', 1, { min: 1, max: 64 }),
    },
    database: databaseOf(read, { inProduction, dataDir, needs }),
    objects: objectsOf(read, { inProduction, dataDir, needs }),
    scratchDir: resolve(read.text('SCRATCH_DIR', tmpdir())),
    llm: readLlmConfig(read, { inProduction, mayAsk: needs.migration !== true }),
    redisUrl: read.given('REDIS_URL'),
    metrics: {
      host: read.text('METRICS_HOST', '127.0.0.1'),
      port: read.integer('METRICS_PORT', 0, { min: 0, max: 65_535 }),
      lastBackupFile: read.given('LAST_BACKUP_FILE'),
      lastRestoreCheckFile: read.given('LAST_RESTORE_CHECK_FILE'),
    },
    maxUploadBytes: read.integer('MAX_UPLOAD_BYTES', GIB, { min: 1, max: 5 * 1024 * GIB }),
    maxConcurrentUploads: read.integer('MAX_CONCURRENT_UPLOADS', 8, { min: 1, max: 10_000 }),
    workerSlots: read.integer('WORKER_CONCURRENCY', 4, { min: 1, max: 100 }),
    webhookTargets: read.oneOf(
      'WEBHOOK_TARGETS',
      ['public', 'nearby'],
      environment === 'development' ? 'nearby' : 'public',
    ),
    drainMs: read.integer('DRAIN_SECONDS', 30, { min: 0, max: 3_600 }) * 1_000,
  }
  if (config.redisUrl !== undefined) read.url('REDIS_URL', config.redisUrl, ['redis://', 'rediss://'])
  if (config.metrics.port !== 0 && config.metrics.port === config.http.port)
    read.fail('METRICS_PORT', 'must not be PORT: what it tells is for monitoring alone')
  if (config.http.processes > 1 && config.redisUrl === undefined) {
    read.fail('REDIS_URL', 'is missing: more than one API process (WEB_CONCURRENCY) cannot count requests alone')
  }
  if (inProduction && config.webhookTargets !== 'public') {
    read.fail('WEBHOOK_TARGETS', 'must be public in production: tenants name the addresses')
  }
  read.finish()
  return config
}

type Place = { inProduction: boolean; dataDir: string; needs: Needs }

const PARTS = 'POSTGRES_HOST with POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB'

function databaseOf(read: Reader, { inProduction, dataDir, needs }: Place): DatabaseConfig {
  const isGiven = (name: string) => read.given(name) !== undefined
  const hasApp = isGiven('DATABASE_URL') || isGiven('POSTGRES_HOST')
  // Migrating needs no application: a container for it may know the owner alone.
  const hasOwner = needs.migration === true && isGiven('MIGRATION_DATABASE_URL')
  if (!hasApp && !hasOwner) {
    if (inProduction) read.fail('DATABASE_URL', `is missing (or ${PARTS})`)
    return { kind: 'embedded', folder: resolve(dataDir, 'pg') }
  }
  const schemes = ['postgres://', 'postgresql://']
  const role = (name: string, needed: boolean | undefined, why: string) =>
    read.url(name, needed ? read.require(name, why) : read.text(name, ''), schemes)
  return {
    kind: 'server',
    appUrl:
      isGiven('DATABASE_URL') || !hasApp
        ? read.url('DATABASE_URL', read.text('DATABASE_URL', ''), schemes)
        : urlFromParts(read),
    queueUrl: role('WORKER_DATABASE_URL', needs.queue, 'the worker connects as the owner of the queue'),
    migrationUrl: role('MIGRATION_DATABASE_URL', needs.migration, 'migrations run as the owner of the tables'),
  }
}

function urlFromParts(read: Reader): string {
  const why = 'it goes with POSTGRES_HOST'
  const [host, port] = [read.text('POSTGRES_HOST', ''), read.integer('POSTGRES_PORT', 5432, { min: 1, max: 65_535 })]
  const credentials = [read.require('POSTGRES_USER', why), read.requirePassword('POSTGRES_PASSWORD', why)]
  const database = read.require('POSTGRES_DB', why)
  if (/[/?#]/.test(database)) read.fail('POSTGRES_DB', 'must be without / ? #, which no URL can carry in this place')
  // A path is the folder of a Unix socket; an IPv6 address has colons of its own.
  const isSocket = host.startsWith('/')
  const place = isSocket ? 'localhost' : isIPv6(host) ? `[${host}]` : host
  if (!isSocket && !/^[\w.[\]:-]+$/.test(place)) read.fail('POSTGRES_HOST', 'must be the name or address of a host')
  const [user, password] = credentials.map(encodeURIComponent)
  const socket = isSocket ? `?host=${encodeURIComponent(host)}` : ''
  return `postgres://${user}:${password}@${place}:${port}/${encodeURI(database)}${socket}`
}

function objectsOf(read: Reader, { inProduction, dataDir, needs }: Place): ObjectsConfig {
  const endpoint = read.given('S3_ENDPOINT')
  if (endpoint === undefined || needs.migration) {
    if (inProduction && !needs.migration) read.fail('S3_ENDPOINT', 'is missing')
    return { kind: 'files', folder: resolve(dataDir, 'objects') }
  }
  const why = 'it goes with S3_ENDPOINT'
  const wrong = endpoint.startsWith('http://') ? refuseEndpoint(endpoint) : undefined
  if (wrong !== undefined) read.fail('S3_ENDPOINT', wrong)
  return {
    kind: 's3',
    endpoint: read.url('S3_ENDPOINT', endpoint, ['https://', 'http://']),
    region: read.require('S3_REGION', why),
    accessKey: read.require('S3_ACCESS_KEY', why),
    secretKey: read.require('S3_SECRET_KEY', why),
    bucket: read.require('S3_BUCKET', why),
  }
}
