type Step = () => Promise<unknown> | unknown

/**
 * Things to undo when a program stops, in reverse order. Each is tried even if another fails; a failure is told to `onError`.
 */
export function createStopper(onError: (error: unknown) => void) {
  const groups: Step[][] = []
  let stopping: Promise<void> | undefined

  async function run() {
    for (const group of groups.reverse()) await Promise.all(group.map(attempt))
  }

  async function attempt(step: Step) {
    try {
      await step()
    } catch (error) {
      onError(error)
    }
  }

  return {
    add: (step: Step) => void groups.push([step]),
    /** A place in the order for several things, which are undone at the same time. */
    together: () => {
      const group: Step[] = []
      groups.push(group)
      return { add: (step: Step) => void group.push(step) }
    },
    stop: () => {
      stopping ??= run()
      return stopping
    },
    isStopping: () => stopping !== undefined,
  }
}
