export interface ToastNews {
  /** A toast of the same id that is still shown is replaced. */
  id?: string
  title: string
  note?: string
  action?: { label: string; onPress: () => void }
  /** A fault is announced at once; other news wait until the screen reader is free. */
  urgent?: boolean
  /** How long it stays; 0 until it is closed. Pointing at it, or the focus in it, keeps it. */
  staysMs?: number
  /** Told when the learner turns to it or away, for those who count the time themselves. */
  onHeld?: (held: boolean) => void
  /** Told when the learner, or the time, closed it. */
  onClosed?: () => void
}

/** Where toasts are shown. It is fetched with the first of them, because most visits see none. */
export interface Place {
  add: (news: ToastNews) => void
  close: (id: string) => void
}

let place: Place | null = null
let early: ToastNews[] = []
let wanted = 0
const listeners = new Set<() => void>()

/** Says a thing at the foot of the page, whatever page is shown. */
export function showToast(news: ToastNews): void {
  if (place !== null) {
    place.add(news)
    return
  }
  early.push(news)
  wanted += 1
  for (const listener of listeners) listener()
}

export function hideToast(id: string): void {
  early = early.filter((news) => news.id !== id)
  place?.close(id)
}

/** Called by the place once it listens, and when it goes. */
export function takePlace(taken: Place): () => void {
  place = taken
  early.forEach(taken.add)
  early = []
  return () => (place = null)
}

/** How often there was something to say and no place yet for it. */
export const toastsWanted = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  snapshot: () => wanted,
}
