import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPresence, type Entry } from './presence.ts'
import { inTurn } from './turn.ts'

const turnDeadlineMs = 10_000

/**
 * Takes `path` for one long-lived process: whoever holds it excludes all others, whatever their purpose. A lock whose process
 * was killed counts no more. `purpose` is a few words about the holder, told to whoever is refused.
 * Throws an Error `<path> is in use by process <pid> (<purpose>).` while the lock is held.
 */
export async function lockFolder(path: string, purpose: string): Promise<{ release(): Promise<void> }> {
  const [turns, holders] = [join(path, 'process-lock', 'turn'), join(path, 'process-lock', 'holder')]
  for (const folder of [turns, holders]) await mkdir(folder, { recursive: true, mode: 0o700 })
  const presence = createPresence(holders)

  const mine = await inTurn(turns, turnDeadlineMs, async () => {
    const [holder] = await presence.present()
    if (holder) throw new Error(`${path} is in use by process ${holder.pid}${await purposeOf(holders, holder)}.`)
    return await presence.announce(purpose)
  })
  return { release: () => presence.withdraw(mine) }
}

async function purposeOf(holders: string, holder: Entry): Promise<string> {
  const purpose = await readFile(join(holders, holder.name), 'utf8').catch(() => '')
  return purpose === '' ? '' : ` (${purpose})`
}
