import { type FileHandle, open, stat, truncate, writeFile } from 'node:fs/promises'

const maxBytes = 4 * 1024 * 1024
const keptBytes = 256 * 1024

/** The file that takes what the server and initdb print. */
export type ServerLog = {
  path: string
  /** Opens the file for a child process to write to. */
  open(): Promise<FileHandle>
  size(): Promise<number>
  /** The reason for a failure, in one line, as found in what was written behind `offset`; undefined when nothing tells. */
  causeSince(offset: number): Promise<string | undefined>
  /** What was written last, for when there is no failure to tell of. */
  lastLine(): Promise<string>
}

/** Uses the file at `path`, of which only the end is kept when it has grown large: also while a server writes to it. */
export async function openServerLog(path: string): Promise<ServerLog> {
  const size = () =>
    stat(path).then(
      (found) => found.size,
      () => 0,
    )
  if ((await size()) > maxBytes) {
    const kept = await readFrom(path, (await size()) - keptBytes)
    await truncate(path)
    await writeFile(path, kept, { flag: 'a' })
  }
  return {
    path,
    open: () => open(path, 'a', 0o600),
    size,
    lastLine: async () => {
      const end = await readFrom(path, Math.max(0, (await size()) - 1_000)).catch(() => '')
      return end.toString().trimEnd().split('\n').at(-1) ?? ''
    },
    causeSince: async (offset) => causeIn((await readFrom(path, offset).catch(() => '')).toString()),
  }
}

/** Picks the last line that tells of a failure, with the detail PostgreSQL prints below it. Exported for its test. */
export function causeIn(text: string): string | undefined {
  // Refused clients leave such lines, too: they tell of the state of the server, not of its cause.
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.includes('the database system is '))
  const at = lines.findLastIndex((line) => /(FATAL|PANIC): |\berror: |error while loading|could not/.test(line))
  const line = at < 0 ? undefined : lines[at]
  if (line === undefined) return undefined
  const cause = line.replace(/^.*?(FATAL|PANIC):\s+/, '')
  const detail = /DETAIL:\s+(.*)/.exec(lines[at + 1] ?? '')?.[1]
  return (detail === undefined ? cause : `${cause} (${detail})`).trim().slice(0, 500)
}

async function readFrom(path: string, offset: number): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(keptBytes), 0, keptBytes, offset)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
