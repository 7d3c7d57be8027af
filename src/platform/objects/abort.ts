/**
 * The promise's outcome, or the signal's reason as soon as that is aborted. What the promise does after that is ignored,
 * so it must be something that may be left to itself.
 */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/**
 * Runs work that had better finish than be cut: the signal it is given follows the caller's only after `graceMs`. Its own
 * failures pass through.
 */
export async function withGrace<T>(
  signal: AbortSignal | undefined,
  graceMs: number,
  work: (late: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const follow = () => {
    timer = setTimeout(() => late.abort(signal?.reason), graceMs)
  }
  signal?.throwIfAborted()
  signal?.addEventListener('abort', follow, { once: true })
  try {
    return await work(late.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', follow)
  }
}
