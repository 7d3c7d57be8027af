import type { Api } from '#platform/http/index.ts'

/** Opens the port and returns the address; a port that is taken or forbidden is one clear Error. */
export async function listen(api: Api, { host, port }: { host: string; port: number }): Promise<string> {
  try {
    const address = await api.listen({ host, port, listenTextResolver: (address) => `listening at ${address}` })
    // All addresses of both kinds: nobody can connect to that one everywhere.
    return address.replace('[::]', 'localhost')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new Error(`Port ${port} is taken. Choose another: PORT=${port + 1}`, { cause: error })
    if (code === 'EACCES') throw new Error(`Port ${port} may not be opened by this user.`, { cause: error })
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new Error(`This machine has no address ${host} (HOST).`, { cause: error })
    throw error
  }
}
