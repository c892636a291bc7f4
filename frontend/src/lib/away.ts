import { everySoOften } from './steady-clock'

const LOOK_EVERY_MS = 1_000
/** Longer than a busy page keeps a timer waiting. */
const ASLEEP_MS = 5_000

/**
 * Calls back when the page has been away: a laptop was closed or a tab was frozen, and the clock went on; or there was
 * no network for a while.
 */
export function onReturn(returns: () => void): () => void {
  let before = Date.now()
  const stop = everySoOften(LOOK_EVERY_MS, () => {
    const now = Date.now()
    const slept = now - before
    before = now
    if (slept > ASLEEP_MS) returns()
  })
  addEventListener('online', returns)
  return () => {
    stop()
    removeEventListener('online', returns)
  }
}

/** Whoever was away is back within two seconds of being able to; minutes of it stay below the limit on tokens. */
const RETRY_MS = [300, 600]
/** An answer that takes longer than this was asked for over a network that is gone. */
const ANSWERS_WITHIN_MS = 4_000

/** Tries until it is done, or not wanted any more: again and again, and at once when there is a network again. */
export async function untilDone(
  wanted: () => boolean,
  task: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  for (let round = 0; wanted(); round += 1) {
    try {
      await task(AbortSignal.timeout(ANSWERS_WITHIN_MS))
      return
    } catch {
      const pause = RETRY_MS[Math.min(round, RETRY_MS.length - 1)] ?? 0
      // With some chance in it, so that many pages do not come back at the same moment.
      await networkOr(pause * (0.85 + 0.3 * Math.random()))
    }
  }
}

/** Done after so many milliseconds, or as soon as there is a network again. */
export function networkOr(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stop()
      removeEventListener('online', done)
      resolve()
    }
    const stop = everySoOften(ms, done)
    addEventListener('online', done)
  })
}
