export type Repetition = {
  /** Lets no further pass begin and waits for the one that is under way. */
  stop(): Promise<void>
}

/** Does `work` now and then again and again, `everyMs` after each end. A failed pass is told to `onError` and does not stop it. */
export function repeat(everyMs: number, work: () => Promise<void>, onError: (error: unknown) => void): Repetition {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let pass = go()

  async function go() {
    await work().catch(onError)
    if (!stopped) {
      timer = setTimeout(() => {
        pass = go()
      }, everyMs)
    }
  }

  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await pass
    },
  }
}
