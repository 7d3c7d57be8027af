const GAP_MS = 1_000
const LEAP = 0.1

export type Progress = {
  /** Never throws and does not wait. What is not a number from 0 to 1 is brought into that range or ignored. */
  report(fraction: number): void
  /** Waits for the write that is under way, and lets none follow. */
  settle(): Promise<void>
}

/** Passes progress on to `write`: one write at a time, a second apart unless it leapt by a tenth, never backwards. */
export function createProgress(write: (fraction: number) => Promise<void>): Progress {
  let last = { fraction: 0, at: Number.NEGATIVE_INFINITY }
  let writing: Promise<void> | undefined
  let settled = false

  function report(fraction: number) {
    const next = Math.min(1, fraction)
    // Also false for NaN.
    if (!(next > last.fraction) || settled || writing) return
    const now = performance.now()
    if (now - last.at < GAP_MS && next - last.fraction < LEAP) return
    last = { fraction: next, at: now }
    writing = write(next).finally(() => {
      writing = undefined
    })
  }

  return {
    report,
    settle: async () => {
      settled = true
      await writing
    },
  }
}
