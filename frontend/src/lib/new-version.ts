import { hasHalfTyped } from './half-typed'
import { isTalking, onTalking } from './talk-under-way'

/** Held by every tab that is in a talk; not the lock by which one tab takes a conversation from another. */
const TALKS_LOCK = 'avaaz.talks'
const LOOK_AGAIN_MS = 3_000

/**
 * Offers a new version of the app once it may be had: while there is a talk in any tab, or half-typed words in this
 * one, it waits. It comes when the learner says so.
 */
class NewVersion {
  readonly #listeners = new Set<() => void>()
  #bring: (() => void) | null = null
  #offered = false
  #looking = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    onTalking(() => {
      if (isTalking()) void holdWhileTalking()
      this.#review()
    })
  }

  /** Whether to offer it now. */
  snapshot = (): boolean => this.#offered

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** There is one; `bring` loads the page in it. */
  found(bring: () => void): void {
    this.#bring = bring
    this.#review()
  }

  /** The learner wants it. A talk may have begun in another tab since it was offered: then it waits on. */
  accept = (): void => {
    void navigator.locks.request(TALKS_LOCK, { ifAvailable: true }, (lock) => {
      if (lock !== null && isFree()) {
        this.#bring?.()
        return
      }
      // The offer was taken; it is made again.
      this.#offer(false)
      this.#review()
    })
  }

  #review(): void {
    clearTimeout(this.#timer)
    if (this.#bring === null) return
    if (!isFree()) {
      this.#offer(false)
      // The end of a talk is told; words that were sent or deleted are not.
      if (!isTalking()) this.#timer = setTimeout(() => this.#review(), LOOK_AGAIN_MS)
      return
    }
    if (this.#looking) return
    this.#looking = true
    // Granted when the last talk in any tab is over.
    void navigator.locks.request(TALKS_LOCK, () => {
      this.#looking = false
      if (isFree()) this.#offer(true)
      else this.#review()
    })
  }

  #offer(offered: boolean): void {
    if (offered === this.#offered) return
    this.#offered = offered
    for (const listener of this.#listeners) listener()
  }
}

export function isFree(): boolean {
  return !isTalking() && !hasHalfTyped()
}

async function holdWhileTalking(): Promise<void> {
  await navigator.locks.request(TALKS_LOCK, { mode: 'shared' }, async () => {
    if (!isTalking()) return
    await new Promise<void>((over) => {
      const stop = onTalking(() => {
        stop()
        over()
      })
    })
  })
}

export const newVersion = new NewVersion()
