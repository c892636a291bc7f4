import { onReturn } from './away'
import { isFree, newVersion } from './new-version'
import { refreshShellPolicy } from './shell-policy'

const LOOK_EVERY_MS = 60 * 60_000
/** Coming back to the page looks for a new version too, but not at every glance. */
const LOOK_AT_MOST_EVERY_MS = 60_000

/** Starts the worker that keeps the app on this device, and watches for its next version. */
export async function startServiceWorker(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  try {
    const registration = await navigator.serviceWorker.register('/sw.js', {
      updateViaCache: 'none',
    })
    const bring = watchForNext(registration)
    lookNowAndThen(async () => {
      await registration.update()
      if (await refreshShellPolicy()) newVersion.found(bring)
    })
    if (await refreshShellPolicy()) newVersion.found(bring)
  } catch {
    // Blocked, or no room for it: the app works without, while there is a connection.
  }
}

/** Returns what brings the next version. */
function watchForNext(registration: ServiceWorkerRegistration): () => void {
  const { serviceWorker } = navigator
  let controlled = serviceWorker.controller !== null
  let accepted = false
  const bring = () => {
    accepted = true
    // The page is loaded anew when the next version has taken over.
    if (registration.waiting === null) window.location.reload()
    else registration.waiting.postMessage({ type: 'SKIP_WAITING' })
  }
  const look = () => {
    if (registration.waiting !== null && serviceWorker.controller !== null) newVersion.found(bring)
  }
  look()
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', look)
  })
  serviceWorker.addEventListener('controllerchange', () => {
    // The very first worker takes over a page that it has brought nothing new for.
    const first = !controlled
    controlled = true
    if (first) return
    // Another tab brought the next version: a page that nobody looks at follows at once, the others ask.
    if (accepted || (document.hidden && isFree())) window.location.reload()
    else newVersion.found(bring)
  })
  return bring
}

function lookNowAndThen(lookForNext: () => Promise<void>): void {
  let lookedAt = Date.now()
  const look = () => {
    lookedAt = Date.now()
    // Without a connection there is nothing to find; the next look will.
    lookForNext().catch(() => undefined)
  }
  const lookAgain = () => {
    if (!document.hidden && Date.now() - lookedAt > LOOK_AT_MOST_EVERY_MS) look()
  }
  setInterval(look, LOOK_EVERY_MS)
  document.addEventListener('visibilitychange', lookAgain)
  onReturn(lookAgain)
}
