const LOOK_EVERY_MS = 1_000
/** Longer than a busy page keeps a timer waiting. */
const ASLEEP_MS = 5_000

/**
 * Calls back when the page has been away: a laptop was closed or a tab was frozen, and the clock went on; or there was
 * no network for a while.
 */
export function onReturn(returns: () => void): () => void {
  let before = Date.now()
  const timer = setInterval(() => {
    const now = Date.now()
    const slept = now - before
    before = now
    if (slept > ASLEEP_MS) returns()
  }, LOOK_EVERY_MS)
  addEventListener('online', returns)
  return () => {
    clearInterval(timer)
    removeEventListener('online', returns)
  }
}

/** Done after so many milliseconds, or as soon as there is a network again. */
export function networkOr(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    addEventListener('online', done)
  })
}
