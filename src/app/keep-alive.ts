import { once } from 'node:events'
import { connect } from 'node:net'
import type { EmbeddedPostgres } from '#platform/postgres/index.ts'
import { repeat } from '#platform/queue/index.ts'

const LOOK_EVERY = 2_000

type Options = {
  server: EmbeddedPostgres
  /** Opens the same server again: it starts on the same port when nobody runs it. */
  open: () => Promise<EmbeddedPostgres>
  say: (line: string) => void
}

/**
 * Starts the embedded database again when somebody killed it under a running program: nobody else would. Connections find it on its old port.
 * `close` ends the watch and gives the server up.
 */
export function keepAlive({ server, open, say }: Options): { close(): Promise<void> } {
  let current = server
  const watch = repeat(
    LOOK_EVERY,
    async () => {
      if (await listens(current.port)) return
      say('PostgreSQL: gone; starting it again')
      const former = current
      current = await open()
      await former.close()
    },
    (error) => say(`PostgreSQL: not started again: ${error instanceof Error ? error.message : String(error)}`),
  )
  return {
    close: async () => {
      await watch.stop()
      await current.close()
    },
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')
  } finally {
    socket.destroy()
  }
}
