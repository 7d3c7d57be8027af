import { setTimeout as sleep } from 'node:timers/promises'
import { createPresence, type Entry } from './presence.ts'

type Turn = { release(): Promise<void> }

/**
 * Runs `work` while no other process, and nothing else in this one, has its turn in `folder` (which must exist).
 * Throws when the turn has not come within `deadlineMs`.
 */
export async function inTurn<T>(folder: string, deadlineMs: number, work: () => Promise<T>): Promise<T> {
  const turn = await takeTurn(folder, deadlineMs)
  try {
    return await work()
  } finally {
    await turn.release()
  }
}

/**
 * Everyone first announces itself and then looks who else is there: of two at once at least the later sees the other and
 * steps back. So nobody ever has to take a lock away from a dead process, which two could do at the same time.
 */
async function takeTurn(folder: string, deadlineMs: number): Promise<Turn> {
  const presence = createPresence(folder)
  const deadline = performance.now() + deadlineMs
  for (;;) {
    let others: Entry[] = await presence.present()
    if (others.length === 0) {
      const mine = await presence.announce()
      let alone = false
      try {
        others = await presence.present(mine)
        alone = others.length === 0
      } finally {
        if (!alone) await presence.withdraw(mine)
      }
      if (alone) return { release: () => presence.withdraw(mine) }
    }
    if (performance.now() > deadline) {
      throw new Error(
        `${folder} has been kept busy by process ${others[0]?.pid} for ${Math.round(deadlineMs / 1000)} s.`,
      )
    }
    await sleep(5 + Math.random() * 45)
  }
}
