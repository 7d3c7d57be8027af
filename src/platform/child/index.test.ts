import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { spawnChild } from './index.ts'

const hasNamespaces = spawnSync('unshare', ['--user', '--map-current-user', '--net', 'true']).status === 0

test.skipIf(!hasNamespaces)('a child reaches nobody, not even on this machine', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const connecting = (then: string) =>
    `require('net').connect(${port}, '127.0.0.1').on('connect', () => { console.log('connected'); process.exit() }).on('error', (error) => ${then})`
  const child = spawnChild([process.execPath, '-e', connecting('console.log(error.code)')], { cpuSeconds: 10 })
  const said = child.stdout === null ? '' : await text(child.stdout)
  server.close()
  expect(said.trim()).toBe('ENETUNREACH')
})
