import { readFileSync } from 'node:fs'
import pg from 'pg'
import { expect, test } from 'vitest'
import { ConfigError, type Needs, readConfig } from './config.ts'
import type { Env } from './config-reader.ts'
import { EXAMPLE_ENV } from './paths.ts'

const POSTGRES = { POSTGRES_HOST: 'db', POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'p', POSTGRES_DB: 'courses' }
const S3 = {
  S3_ENDPOINT: 'https://s3.example',
  S3_REGION: 'eu',
  S3_ACCESS_KEY: 'id',
  S3_SECRET_KEY: 'secret',
  S3_BUCKET: 'courses',
}
const ROLES = {
  WORKER_DATABASE_URL: 'postgres://queue:q@db/courses',
  MIGRATION_DATABASE_URL: 'postgres://own:o@db/courses',
}
const PRODUCTION = { ENVIRONMENT: 'production', ...POSTGRES, ...S3 }

function problemsOf(env: Env, needs?: Needs): readonly string[] {
  try {
    readConfig(env, needs)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('nothing given is an installation of one folder, for this machine alone', () => {
  const { database, objects, http, redisUrl, log } = readConfig({ DATA_DIR: '/srv/дані', PORT: ' ', S3_ENDPOINT: '' })
  expect(database).toEqual({ kind: 'embedded', folder: '/srv/дані/pg' })
  expect(objects).toEqual({ kind: 'files', folder: '/srv/дані/objects' })
  expect(http).toEqual({ host: '127.0.0.1', port: 8000, corsOrigins: [], trustedProxies: [], processes: 1 })
  expect(redisUrl).toBeUndefined()
  expect(log).toEqual({ level: 'info', pretty: true })
})

test('production listens to all, logs JSON, and names its database and its bucket', () => {
  const { database, objects, http, log } = readConfig(PRODUCTION)
  expect(database).toMatchObject({ kind: 'server', appUrl: 'postgres://app:p@db:5432/courses' })
  expect(objects).toMatchObject({ kind: 's3', endpoint: 'https://s3.example', bucket: 'courses' })
  expect([http.host, log.pretty]).toEqual(['0.0.0.0', false])
})

test('webhooks may stay nearby in development alone', () => {
  expect(readConfig({}).webhookTargets).toBe('nearby')
  expect(readConfig({ WEBHOOK_TARGETS: 'public' }).webhookTargets).toBe('public')
  expect(readConfig({ ENVIRONMENT: 'test' }).webhookTargets).toBe('public')
  expect(readConfig(PRODUCTION).webhookTargets).toBe('public')
  expect(problemsOf({ ...PRODUCTION, WEBHOOK_TARGETS: 'nearby' })).toEqual([
    'WEBHOOK_TARGETS must be public in production: tenants name the addresses',
  ])
})

test('every wrong and every missing variable is named at once, in one line without a value', () => {
  const wrong: Env = {
    ENVIRONMENT: 'prod-SECRET',
    LOG_LEVEL: 'SECRET',
    PORT: 'SECRET',
    WEB_CONCURRENCY: '0',
    MAX_UPLOAD_BYTES: '-1',
    WORKER_CONCURRENCY: '1.5',
    DRAIN_SECONDS: '1e3',
    CORS_ALLOWED_ORIGINS: 'https://lms.example, https://SECRET/path',
    TRUSTED_PROXIES: '10.0.0.0/8,SECRET',
    REDIS_URL: 'http://SECRET',
    POSTGRES_HOST: 'SECRET host',
    POSTGRES_PORT: 'SECRET',
    POSTGRES_DB: 'SECRET/x',
    WORKER_DATABASE_URL: 'mysql://q:SECRET@db/x',
    S3_ENDPOINT: 's3.SECRET',
  }
  const missing = ['POSTGRES_USER', 'POSTGRES_PASSWORD', 'MIGRATION_DATABASE_URL']
  const named = (problems: readonly string[]) => problems.map((problem) => problem.split(' ', 1)[0]).sort()

  const needsAll = { queue: true, migration: true }
  const isMigrationsConcern = (name: string) => name !== 'S3_ENDPOINT'
  expect(named(problemsOf(wrong, needsAll))).toEqual(
    [...Object.keys(wrong).filter(isMigrationsConcern), ...missing].sort(),
  )
  expect(named(problemsOf({ S3_ENDPOINT: 's3.example' }))).toEqual(
    ['S3_ENDPOINT', 'S3_REGION', 'S3_ACCESS_KEY', 'S3_SECRET_KEY', 'S3_BUCKET'].sort(),
  )
  for (const needs of [needsAll, {}]) {
    const { message } = new ConfigError(problemsOf(wrong, needs))
    expect(message).not.toMatch(/SECRET[^_]|\n/)
  }
})

test.each<[string, Env, Needs, string[]]>([
  ['production without either', { ENVIRONMENT: 'production' }, {}, ['DATABASE_URL', 'S3_ENDPOINT']],
  ['production without a database', { ENVIRONMENT: 'production', ...S3 }, {}, ['DATABASE_URL']],
  ['production without a bucket', { ENVIRONMENT: 'production', ...POSTGRES }, {}, ['S3_ENDPOINT']],
  ['a bucket far away without TLS', { ...S3, S3_ENDPOINT: 'http://minio:9000' }, {}, ['S3_ENDPOINT']],
  ['a bucket on this machine without TLS', { ...S3, S3_ENDPOINT: 'http://127.0.0.1:9000' }, {}, []],
  ['several processes without Redis', { WEB_CONCURRENCY: '2' }, {}, ['REDIS_URL']],
  ['several processes with Redis', { WEB_CONCURRENCY: '2', REDIS_URL: 'rediss://cache' }, {}, []],
  ['a worker without the role of the queue', POSTGRES, { queue: true }, ['WORKER_DATABASE_URL']],
  ['the API without the role of the queue', POSTGRES, {}, []],
  [
    'migrate without the roles',
    POSTGRES,
    { queue: true, migration: true },
    ['WORKER_DATABASE_URL', 'MIGRATION_DATABASE_URL'],
  ],
  ['migrate without the application', ROLES, { queue: true, migration: true }, []],
  [
    'migrate in production without a bucket',
    { ENVIRONMENT: 'production', ...ROLES },
    { queue: true, migration: true },
    [],
  ],
  ['the embedded database, which has its roles', {}, { queue: true, migration: true }, []],
])('%s', (_name, env, needs, names) => {
  expect(problemsOf(env, needs).map((problem) => problem.split(' ', 1)[0])).toEqual(names)
})

test.each([
  ['an odd password', { POSTGRES_PASSWORD: ' п@ро:ль/?#%41[&+ ' }, { password: ' п@ро:ль/?#%41[&+ ' }],
  ['an odd user', { POSTGRES_USER: 'a@b:c%2F' }, { user: 'a@b:c%2F' }],
  ['an odd database', { POSTGRES_DB: 'курси @1:&%20+' }, { database: 'курси @1:&%20+' }],
  ['a port', { POSTGRES_PORT: '6432' }, { port: 6432 }],
  ['an address', { POSTGRES_HOST: '::1' }, { host: '::1' }],
  ['a name as containers have it', { POSTGRES_HOST: 'my_db-1' }, { host: 'my_db-1' }],
  ['the folder of a socket', { POSTGRES_HOST: '/var/run/postgresql' }, { host: '/var/run/postgresql' }],
])('the parts of a database URL arrive as they are: %s', (_name, parts, expected) => {
  const { database } = readConfig({ ...POSTGRES, ...parts })
  const connectionString = database.kind === 'server' ? database.appUrl : ''
  const { user, password, host, port, database: name } = new pg.Client({ connectionString })
  const plain = { user: 'app', password: 'p', host: 'db', port: 5432, database: 'courses' }
  expect({ user, password, host, port, database: name }).toEqual({ ...plain, ...expected })
})

test('.env.example lists the variables that are read, and no others', () => {
  const read = new Set<string>()
  const recording = (values: Env): Env =>
    new Proxy(values, {
      get(target, name) {
        read.add(String(name))
        return target[String(name)]
      },
    })
  for (const env of [{}, { ...POSTGRES, ...S3 }, { DATABASE_URL: 'postgres://app:p@db/courses' }]) {
    problemsOf(recording(env), { queue: true })
    problemsOf(recording(env), { queue: true, migration: true })
  }
  const listed = [...readFileSync(EXAMPLE_ENV, 'utf8').matchAll(/^#?([A-Z0-9_]+)=/gm)].map(([, name]) => name)
  expect(listed.toSorted()).toEqual([...read].toSorted())
})

test('what .env.example shows is a configuration that can be read', () => {
  const lines = [...readFileSync(EXAMPLE_ENV, 'utf8').matchAll(/^#?([A-Z0-9_]+)=(.*)$/gm)]
  const env = Object.fromEntries(lines.map(([, name, value]) => [name, value]))
  expect(problemsOf(env, { queue: true })).toEqual([])
  expect(problemsOf(env, { queue: true, migration: true })).toEqual([])
})
