import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { S3Options } from '#platform/objects/index.ts'

export type RunningSwift = {
  /** What an S3 store needs for a new, empty bucket. */
  newBucket(): Promise<S3Options>
  /** The SDK's client, for what a store does not tell. */
  client: S3Client
  close(): Promise<void>
}

const SCRIPT = fileURLToPath(new URL('swift.sh', import.meta.url))
/** Five processes of Python take a while on a small machine that does other things too. */
const START_MS = 150_000
const KEYS = { region: 'us-east-1', accessKey: 'test:tester', secretKey: 'testing' }

/** A real OpenStack Swift on loopback with its S3 API: a server of S3 that this project did not write. It ends with `close`. */
export async function startSwift(): Promise<RunningSwift> {
  const folder = await mkdtemp(join(tmpdir(), 'course-supporter-swift-'))
  const [port, ...others] = await freePorts(5)
  const endpoint = `http://127.0.0.1:${port}`
  const server = spawn(SCRIPT, [folder, String(port), ...others.map(String)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const client = new S3Client({
    endpoint,
    region: KEYS.region,
    credentials: { accessKeyId: KEYS.accessKey, secretAccessKey: KEYS.secretKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const newBucket = newBuckets(client, endpoint)

  async function close(): Promise<void> {
    client.destroy()
    const ended = server.exitCode === null && server.signalCode === null ? once(server, 'exit') : undefined
    server.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }

  const began = Date.now()
  for (;;) {
    const failure = await newBucket().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure === undefined) break
    if (server.exitCode !== null || Date.now() - began > START_MS) {
      await close()
      throw new Error('Swift does not answer.', { cause: failure })
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }

  return {
    newBucket,
    client,
    close,
  }
}

function newBuckets(client: S3Client, endpoint: string) {
  let made = 0
  return async () => {
    made += 1
    const bucket = `materials-${made}`
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    return { ...KEYS, endpoint, bucket }
  }
}

/** All of them held at once, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  for (let index = 0; index < count; index += 1) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
  }
  return servers.map((server) => {
    const address = server.address()
    server.close()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return address.port
  })
}
