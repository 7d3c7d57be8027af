/** What a try says of the provider's health. `unknown`: it was given up before it could say anything. */
export type Health = 'fault' | 'fine' | 'unknown'

export type Circuit = {
  /** Lets a try begin, which must then be told how it went, once; undefined while the circuit is open. */
  enter(): ((health: Health) => void) | undefined
  /** Milliseconds until it may be tried again. */
  opensInMs(): number
}

type Options = {
  now: () => Date
  /** Called with the milliseconds of the pause, or with 0 when all is well again. */
  onChange: (pauseMs: number) => void
}

const FAULTS = 5
const FIRST_PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = 300_000

/**
 * Opens after five faults in a row. After 30 s one try may go through while the others stay away: when it fails, the next may after twice
 * as long, up to 5 min; when it does not, the circuit is closed again. Not cockatiel's, whose callers wait for the probe instead of going
 * on to another provider, which takes a cancelled probe for a success, and whose clock is the system's own.
 */
export function createCircuit({ now, onChange }: Options): Circuit {
  let faults = 0
  let pauseMs = 0
  let closedAt = 0
  let probing = false

  function open() {
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs === 0 ? FIRST_PAUSE_MS : pauseMs * 2)
    closedAt = now().getTime() + pauseMs
    onChange(pauseMs)
  }

  function probe(health: Health) {
    probing = false
    if (health === 'unknown') return
    if (health === 'fault') return open()
    pauseMs = 0
    faults = 0
    onChange(0)
  }

  function count(health: Health) {
    // It has opened since this began.
    if (pauseMs > 0 || health === 'unknown') return
    faults = health === 'fault' ? faults + 1 : 0
    if (faults >= FAULTS) open()
  }

  return {
    enter() {
      if (pauseMs === 0) return once(count)
      if (probing || now().getTime() < closedAt) return undefined
      probing = true
      return once(probe)
    },
    opensInMs: () => (pauseMs === 0 ? 0 : Math.max(0, closedAt - now().getTime())),
  }
}

function once(tell: (health: Health) => void): (health: Health) => void {
  let isTold = false
  return (health) => {
    if (isTold) return
    isTold = true
    tell(health)
  }
}
