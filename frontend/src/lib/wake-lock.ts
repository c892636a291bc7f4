/** Keeps the screen awake until the returned function is called. A system that saves its battery may refuse; then it sleeps. */
export function keepScreenAwake(): () => void {
  let lock: WakeLockSentinel | null = null
  const ended = new AbortController()
  const take = async () => {
    // The lock falls whenever the page is out of sight.
    if (document.visibilityState !== 'visible' || lock?.released === false) return
    const taken = await wakeLock()?.request('screen')
    if (ended.signal.aborted) await taken?.release()
    else lock = taken ?? null
  }
  // Refused is no trouble: nothing of the talk depends on it.
  const takeQuietly = () => void take().catch(() => undefined)
  document.addEventListener('visibilitychange', takeQuietly, ended)
  takeQuietly()
  return () => {
    ended.abort()
    void lock?.release().catch(() => undefined)
  }
}

/** Missing in older browsers, and on addresses that are not secure. */
function wakeLock(): WakeLock | undefined {
  return navigator.wakeLock
}
