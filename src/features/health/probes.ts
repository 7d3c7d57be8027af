export type Probe = (signal: AbortSignal) => Promise<unknown>

export type Health = { status: 'ok' | 'degraded'; db: 'ok' | 'error'; s3: 'ok' | 'error' }

type Deps = {
  db: Probe
  objects: Probe
  now: () => number
  onFailure: (part: 'db' | 's3', error: unknown) => void
}

/** A probe that takes longer has failed, whatever it waits for. */
const DEADLINE = 1_500

/** An answer serves everyone who asks within this many milliseconds. */
const FRESH = 3_000

/** Asks the parts whether they work: at most once every 3 s however many ask, and never for longer than 1.5 s. */
export function createHealth({ db, objects, now, onFailure }: Deps) {
  let running: Promise<Health> | undefined
  let last: { health: Health; at: number } | undefined

  async function probe(): Promise<Health> {
    const [dbState, s3State] = await Promise.all([stateOf('db', db), stateOf('s3', objects)])
    const health: Health = {
      status: dbState === 'ok' && s3State === 'ok' ? 'ok' : 'degraded',
      db: dbState,
      s3: s3State,
    }
    last = { health, at: now() }
    return health
  }

  async function stateOf(part: 'db' | 's3', ask: Probe): Promise<'ok' | 'error'> {
    try {
      await withDeadline(ask)
      return 'ok'
    } catch (error) {
      onFailure(part, error)
      return 'error'
    }
  }

  return {
    check(): Promise<Health> {
      if (last !== undefined && now() - last.at < FRESH) return Promise.resolve(last.health)
      running ??= probe().finally(() => {
        running = undefined
      })
      return running
    },
  }
}

// The probe's own promise may hang for ever, so the race does not rely on it to notice the signal.
async function withDeadline(ask: Probe): Promise<void> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${DEADLINE} ms`)), DEADLINE)
  })
  const asked = (async () => ask(controller.signal))()
  asked.catch(() => undefined)
  try {
    await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
    controller.abort()
  }
}
