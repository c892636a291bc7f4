const LOOK_EVERY_MS = 1_000
/** Longer than a busy page keeps a timer waiting. */
const ASLEEP_MS = 5_000

/** Calls back when the page has been asleep: a laptop was closed, a tab was frozen, and its clock went on. */
export function onWake(wakes: () => void): () => void {
  let before = Date.now()
  const timer = setInterval(() => {
    const now = Date.now()
    const slept = now - before
    before = now
    if (slept > ASLEEP_MS) wakes()
  }, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}
