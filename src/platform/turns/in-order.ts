/**
 * Does the work for every item, at most `width` at a time, and returns the results in the order of the items. After a first error nothing more
 * is begun; what is under way ends by itself, as it may have been paid for, and then that error is thrown (the signal's reason, if that is why).
 */
export async function inOrder<T, R>(
  items: readonly T[],
  { width, signal }: { width: number; signal: AbortSignal },
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  let failed: { error: unknown } | undefined
  const worker = async () => {
    for (let at = next++; at < items.length && !failed; at = next++) {
      try {
        signal.throwIfAborted()
        results[at] = await work(items[at] as T)
      } catch (error) {
        failed ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
  if (failed) throw signal.aborted ? signal.reason : failed.error
  signal.throwIfAborted()
  return results
}
