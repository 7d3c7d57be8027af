import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commandLine } from '#test/command-line.ts'
import { type StoreOnFake, startS3Store } from '#test/fakes/s3/store.ts'

let running: StoreOnFake
let env: Record<string, string>

beforeEach(async () => {
  running = await startS3Store()
  const { endpoint, region, accessKey, secretKey, bucket } = running.options
  const keys = { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey }
  env = { S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: bucket, ...keys }
})
afterEach(() => running.close())

type Row = { what: string; needed: boolean; result: string; detail: string | null; code: string | null; ms: number }

describe('storage probe', () => {
  test('prints what was tried, and leaves nothing', async () => {
    const { code, out, err } = await commandLine(env).run('storage', 'probe')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const [head, columns] = out.split('\n')
    expect(head).toBe(`Bucket materials at ${running.server.url}:`)
    expect(columns).toMatch(/^WHAT +NEEDED +RESULT +MS +DETAIL$/)
    expect(out).toMatch(/^multipart: complete +yes +ok +\d+$/m)
    expect(out).toMatch(/^hidden versions end after 7 days +yes +ok +\d+ +the rule was missing and is set$/m)
    expect(running.server.stored()).toBe(0)

    const json = await commandLine(env).json('storage', 'probe')
    expect(json).toEqual({
      driver: 's3',
      endpoint: running.server.url,
      bucket: 'materials',
      ok: true,
      rows: expect.any(Array),
    })
    expect(json.rows).toHaveLength(out.trimEnd().split('\n').length - 3)
    const put = json.rows.find(({ what }: Row) => what === 'put')
    expect(put).toEqual({ what: 'put', needed: true, result: 'ok', detail: null, code: null, ms: expect.any(Number) })
    const cors = json.rows.find(({ what }: Row) => what === 'browsers may write directly')
    expect(cors).toMatchObject({ needed: false, result: 'not_tried' })
  })

  test.each([
    ['S3_SECRET_KEY', 'wrong', 'S3_SECRET_KEY is wrong (SignatureDoesNotMatch: '],
    ['S3_ACCESS_KEY', 'wrong', 'S3_ACCESS_KEY is not known there (InvalidAccessKeyId: '],
    ['S3_BUCKET', 'absent', 'S3_BUCKET does not exist there (NoSuchBucket: '],
    ['S3_REGION', 'us-west-004', 'S3_REGION is wrong (AuthorizationHeaderMalformed: '],
    ['S3_ENDPOINT', 'http://127.0.0.1:1', 'nothing listens at S3_ENDPOINT ('],
  ])('ends with 1 and names the cause where %s is %s', async (name, value, cause) => {
    const { code, out, err } = await commandLine({ ...env, [name]: value }).run('storage', 'probe', '--json')
    expect(code).toBe(1)
    expect(err).toContain('course-supporter: The storage lacks what is needed: the bucket answers to our key – ')
    expect(err).toContain(cause)
    expect(err.split('\n')).toHaveLength(2)
    expect(out + err).not.toContain(running.options.secretKey)
    expect(JSON.parse(out)).toMatchObject({ ok: false, rows: [{ result: 'failed' }, {}, {}] })
  })

  test('tries the folder where there is no bucket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'course-supporter-probe-'))
    const files = commandLine({ DATA_DIR: folder, MAX_UPLOAD_BYTES: '1' })
    const { code, out } = await files.run('storage', 'probe')
    expect(code).toBe(0)
    expect(out).toMatch(/^There is no bucket \(S3_ENDPOINT is not set\); files are kept in \//)
    expect(out).toMatch(/^free space +yes +ok +\d+ +\d+ MiB$/m)
    const place = { driver: 'files', folder: join(folder, 'objects'), ok: true }
    expect(await files.json('storage', 'probe')).toMatchObject(place)
    const most = String(5 * 1024 ** 4)
    const small = await commandLine({ DATA_DIR: folder, MAX_UPLOAD_BYTES: most }).run('storage', 'probe')
    expect(small).toMatchObject({ code: 1, err: expect.stringMatching(/free space – \d+ MiB, less than/) })
    await rm(folder, { recursive: true, force: true })
  })
})

describe('storage cors', () => {
  const ORIGINS = ['--origin', 'https://lms.example', '--origin', 'https://lms.example:8443']

  test('lets pages of these origins write and read, and says so', async () => {
    const cli = commandLine(env)
    expect(await cli.json('storage', 'cors', ...ORIGINS)).toEqual({
      bucket: 'materials',
      origins: ['https://lms.example', 'https://lms.example:8443'],
      other_rules: 0,
    })
    const asked = { origin: 'https://lms.example:8443', 'access-control-request-method': 'PUT' }
    const url = `${running.server.url}/materials/a`
    expect((await fetch(url, { method: 'OPTIONS', headers: asked })).status).toBe(200)
    expect(await cli.run('storage', 'cors', '--origin', 'https://other.example')).toEqual({
      code: 0,
      out: 'Pages of https://other.example may write to and read from materials.\n',
      err: '',
    })
    expect((await fetch(url, { method: 'OPTIONS', headers: asked })).status).toBe(403)
  })

  test.each([
    [{ kind: 'status', status: 501 }, "takes no CORS rules by its S3 API: set them in the provider's console."],
    [{ kind: 'status', status: 403 }, "The bucket's CORS rules were not changed: the key lacks a permission"],
  ] as const)('is refused in one line: %j', async (fault, line) => {
    running.server.faults.next('PutBucketCors', fault)
    const { code, out, err } = await commandLine(env).run('storage', 'cors', ...ORIGINS)
    expect({ code, out, lines: err.split('\n').length }).toEqual({ code: 1, out: '', lines: 2 })
    expect(err).toContain(line)
  })

  test('is refused where there is no bucket', async () => {
    expect(await commandLine({}).run('storage', 'cors', ...ORIGINS)).toEqual({
      code: 1,
      out: '',
      err: 'course-supporter: There is no bucket (S3_ENDPOINT is not set): files need no CORS rules.\n',
    })
  })

  test.each([[[]], [['--origin', '*']], [['--origin', 'lms.example']], [['--origin', 'https://lms.example/']]])(
    'is used wrongly: %j',
    async (args) => {
      expect((await commandLine(env).run('storage', 'cors', ...args)).code).toBe(2)
      expect(running.server.requests).toEqual([])
    },
  )
})
