/**
 * Things to undo when a program stops, in reverse order. Each is tried even if another fails; a failure is told to `onError`.
 */
export function createStopper(onError: (error: unknown) => void) {
  const steps: (() => Promise<unknown> | unknown)[] = []
  let stopping: Promise<void> | undefined

  async function run() {
    for (const step of steps.reverse()) {
      try {
        await step()
      } catch (error) {
        onError(error)
      }
    }
  }

  return {
    add: (step: () => Promise<unknown> | unknown) => void steps.push(step),
    stop: () => {
      stopping ??= run()
      return stopping
    },
    isStopping: () => stopping !== undefined,
  }
}

export type Stopper = ReturnType<typeof createStopper>
