import { hasHalfTyped } from './half-typed'
import { isTalking } from './talk-under-way'

const TRIED = 'avaaz.loaded-anew-for'

/**
 * A part of this page's version may be gone from the server once another version stands there. The page is then loaded
 * anew: only where that helps (the server has another version), once, and never in a talk or over half-typed words.
 */
export function recoverMissingFiles(): void {
  addEventListener('vite:preloadError', () => void recover())
}

async function recover(): Promise<void> {
  const here = entryOf(document)
  if (here === null || isTalking() || hasHalfTyped()) return
  if (sessionStorage.getItem(TRIED) === here) return
  const there = await entryOnServer().catch(() => here)
  if (there === here || isTalking() || hasHalfTyped()) return
  sessionStorage.setItem(TRIED, here)
  window.location.reload()
}

/** The name of the first script, which holds a hash of all that it loads. */
function entryOf(page: Document): string | null {
  return page.querySelector('script[type=module]')?.getAttribute('src') ?? null
}

async function entryOnServer(): Promise<string | null> {
  // With a question that no worker has an answer to.
  const answer = await fetch(`/index.html?${Date.now()}`, { cache: 'no-store' })
  if (!answer.ok) throw new Error(`index.html answered ${answer.status}`)
  return entryOf(new DOMParser().parseFromString(await answer.text(), 'text/html'))
}
