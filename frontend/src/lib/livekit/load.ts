/**
 * Everything that needs LiveKit's own code, which is most of what a talk weighs: the page stands without it, and
 * fetches it once it rests, or at the latest with the press on "Talk".
 */
export const livekit = () => import('./livekit')

/** Fetches it when the browser has nothing better to do. */
export function fetchLivekitWhenIdle(): () => void {
  // A failure here is told by the press that needs it.
  const fetch = () => void livekit().catch(() => undefined)
  if (typeof requestIdleCallback === 'undefined') {
    const timer = setTimeout(fetch, 1_000)
    return () => clearTimeout(timer)
  }
  const asked = requestIdleCallback(fetch, { timeout: 5_000 })
  return () => cancelIdleCallback(asked)
}
