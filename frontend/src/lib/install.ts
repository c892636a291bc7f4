import { useSyncExternalStore } from 'react'

/** What Chromium offers where the app can be installed; other browsers have it in their own menus. */
interface InstallOffer extends Event {
  prompt: () => Promise<unknown>
}

let offer: InstallOffer | null = null
const listeners = new Set<() => void>()

/** Keeps the browser's offer for our menu: no banner of its own ever stands over a page. */
export function watchForInstallOffer(): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    become(event as InstallOffer)
  })
  addEventListener('appinstalled', () => become(null))
}

/** Asks the system to install the app; null where that is not offered. */
export function useInstall(): (() => void) | null {
  const present = useSyncExternalStore(subscribe, () => offer)
  if (present === null) return null
  return () => {
    // An offer works once.
    become(null)
    void present.prompt()
  }
}

function become(next: InstallOffer | null): void {
  offer = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
