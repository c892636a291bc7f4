/** What Chromium tells of the battery; other browsers keep it to themselves. */
interface Battery extends EventTarget {
  charging: boolean
  level: number
}

const LOW = 0.2

/** Tells whether the battery is low and getting lower, now and whenever that changes. */
export function watchBattery(tell: (low: boolean) => void): () => void {
  const watching = new AbortController()
  const ask = (navigator as { getBattery?: () => Promise<Battery> }).getBattery
  void ask?.call(navigator).then(
    (battery) => {
      if (watching.signal.aborted) return
      const look = () => tell(!battery.charging && battery.level <= LOW)
      battery.addEventListener('levelchange', look, watching)
      battery.addEventListener('chargingchange', look, watching)
      look()
    },
    // Not ours to know on this page: it draws as if plugged in.
    () => undefined,
  )
  return () => watching.abort()
}
