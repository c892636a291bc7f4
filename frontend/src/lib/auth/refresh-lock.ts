const LOCK = 'avaaz.refresh'
/** When a renewal began, for the page that comes after one that was left in the middle. */
const UNDER_WAY = 'avaaz.refresh-under-way'
const SETTLES_WITHIN_MS = 2_000

/**
 * Runs `task` while no other tab uses the refresh cookie. The lock falls when a page is left, but
 * its request goes on (keepalive) and its new cookie is still to come: so the next page waits a
 * moment rather than sending a refresh token a second time, which would end the whole sign-in.
 */
export async function underRefreshLock<T>(task: () => Promise<T>): Promise<T> {
  return navigator.locks.request(LOCK, async () => {
    const sinceMs = Date.now() - Number(localStorage.getItem(UNDER_WAY) ?? 0)
    if (sinceMs >= 0 && sinceMs < SETTLES_WITHIN_MS) {
      await new Promise((resolve) => setTimeout(resolve, SETTLES_WITHIN_MS - sinceMs))
    }
    localStorage.setItem(UNDER_WAY, String(Date.now()))
    try {
      return await task()
    } finally {
      localStorage.removeItem(UNDER_WAY)
    }
  })
}
