import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Listens on the loopback, tells the parent process where, and ends with it. */
export function serveParent(server: Server): void {
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    process.send?.(`http://127.0.0.1:${port}`)
  })
  process.on('disconnect', () => process.exit())
  process.on('SIGTERM', () => process.exit())
}
