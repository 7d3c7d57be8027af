/** What was tried. `detail` is a few words, for a failure its cause; `code` is the server's or the system's name of that. */
export type ProbeRow = {
  what: string
  needed: boolean
  result: 'ok' | 'failed' | 'not tried'
  detail: string
  code?: string
  ms: number
}

export type ProbeStep = {
  what: string
  needed: boolean
  /** Returns a few words to show, or none. Throws when it does not work; `NotTried` when what it builds on is not there. */
  run(signal: AbortSignal): Promise<string | undefined> | Promise<void>
  /** Milliseconds, when more is needed than usual. */
  deadlineMs?: number
}

/** Why a step could not be tried, or need not be. */
export class NotTried extends Error {}

/** Runs the steps one after the other, each with its deadline, whatever became of those before. Never rejects. */
export async function runSteps(steps: readonly ProbeStep[], deadlineMs: number): Promise<ProbeRow[]> {
  const rows: ProbeRow[] = []
  for (const step of steps) rows.push(await runStep(step, step.deadlineMs ?? deadlineMs))
  return rows
}

export const isSound = (rows: readonly ProbeRow[]) => !rows.some(({ needed, result }) => needed && result === 'failed')

async function runStep({ what, needed, run }: ProbeStep, deadlineMs: number): Promise<ProbeRow> {
  const signal = AbortSignal.timeout(deadlineMs)
  const late = Promise.withResolvers<never>()
  const expire = () => late.reject(new Error(`no answer within ${deadlineMs / 1000} s`))
  signal.addEventListener('abort', expire)
  const began = performance.now()
  const row = (result: ProbeRow['result'], detail: string, code?: string): ProbeRow => ({
    ...{ what, needed, result, detail },
    ...(code === undefined ? {} : { code }),
    ms: Math.round(performance.now() - began),
  })
  try {
    return row('ok', (await Promise.race([run(signal), late.promise])) ?? '')
  } catch (error) {
    if (error instanceof NotTried) return row('not tried', error.message)
    const { detail, code } = causeOf(error)
    return row('failed', signal.aborted ? `no answer within ${deadlineMs / 1000} s` : detail, code)
  } finally {
    signal.removeEventListener('abort', expire)
  }
}

/** The code of an error of the system or of S3, whose message may be as empty as an answer to HEAD. */
function causeOf(error: unknown): { detail: string; code?: string } {
  if (!(error instanceof Error)) return { detail: String(error) }
  // fetch and the SDK hide what happened to a connection behind words of their own.
  const inner = error.cause instanceof Error && 'code' in error.cause ? error.cause : error
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : error.name
  const isPlain = code === 'Error' || code === 'TypeError'
  // An answer to HEAD has a status and no words.
  const status = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined
  if (inner.message === 'UnknownError' && status !== undefined) return { detail: `HTTP ${status}`, code }
  const message = inner.message === '' || inner.message === code ? '' : inner.message
  if (isPlain) return { detail: message }
  return { detail: message.includes(code) ? message : [code, message].filter((text) => text !== '').join(': '), code }
}
