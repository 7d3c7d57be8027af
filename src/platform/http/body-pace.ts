/** Times in milliseconds, of any one clock. */
export type PaceLimits = {
  /** The client may send nothing for so long. */
  stallMs: number
  /** It must send so many bytes a second on average, over any `windowMs`. */
  bytesPerSecond: number
  windowMs: number
  /** How often it is looked at. */
  tickMs: number
}

export type Look = {
  now: number
  /** All that came so far. */
  bytes: number
  /** Whether we have taken all of it and wait for more. */
  hungry: boolean
}

/**
 * Judges a body by what is seen of it now and then; false when its client has had the time it gets. Only time in which we wait is held
 * against it: neither what it sent and we have not taken, nor a pause of this process. Remembers a number pair for each tick of a window.
 */
export function createPace({ stallMs, bytesPerSecond, windowMs, tickMs }: PaceLimits): (look: Look) => boolean {
  // By a clock that runs while we wait.
  let waited = 0
  let heard = 0
  let last: Look | undefined
  const past: { waited: number; bytes: number }[] = []

  return (look) => {
    if (last?.hungry && look.hungry) waited += Math.min(look.now - last.now, 2 * tickMs)
    if (!look.hungry || look.bytes !== last?.bytes) heard = waited
    last = look
    if (past.at(-1)?.waited !== waited) past.push({ waited, bytes: look.bytes })
    // The youngest that is a whole window old is the one to measure from.
    while ((past[1]?.waited ?? Number.POSITIVE_INFINITY) <= waited - windowMs) past.shift()
    const [start = { waited, bytes: 0 }] = past
    const span = waited - start.waited
    const isSlow = span >= windowMs && look.bytes - start.bytes < (bytesPerSecond * span) / 1_000
    return waited - heard < stallMs && !isSlow
  }
}
