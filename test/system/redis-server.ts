import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'

export type RedisServer = {
  port: number
  url: string
  /** Lets the process stand still, connections open, as a stalled machine would. */
  freeze(): void
  thaw(): void
  /** Ends the process; `start` begins it again on the same port, empty. */
  stop(): Promise<void>
  start(): Promise<void>
}

/**
 * A Redis of our own that keeps nothing: `REDIS_SERVER_BIN`, or the `redis-server` on the PATH. Fails when there is
 * none.
 */
export async function startRedisServer(): Promise<RedisServer> {
  const binary = process.env['REDIS_SERVER_BIN'] ?? 'redis-server'
  const port = await freePort()
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const args = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', tmpdir()]
    const started = spawn(binary, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    child = started
    process.once('exit', () => started.kill('SIGKILL'))
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject)
      started.once('exit', (code) => reject(new Error(`${binary} ended with ${code} before it was ready.`)))
      createInterface({ input: started.stdout }).on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve()
      })
    })
  }

  async function stop(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  await start()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    stop,
    start,
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
