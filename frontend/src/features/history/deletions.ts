/** How long one can think better of it. */
export const UNDO_MS = 8_000

interface Means {
  /** Deletes for good. What is not there any more counts as deleted. */
  send: (id: string) => Promise<void>
  /** Keeps what is being deleted, for the page that comes after this one. */
  remember: (ids: readonly string[]) => void
}

/** What becomes of one deletion. */
interface Fate {
  /** It can no longer be undone. */
  sent?: () => void
  gone?: () => void
  failed?: (cause: unknown) => void
}

interface Pending {
  id: string
  fate: Fate
  leftMs: number
  runsSince: number
  timer: ReturnType<typeof setTimeout> | undefined
}

/**
 * Deletions that wait for a while, so that they can be undone. What is deleted is hidden from the
 * first moment on. One at a time can be undone; the next one sends the one before it.
 */
export class Deletions {
  readonly #means: Means
  readonly #listeners = new Set<() => void>()
  readonly #underWay = new Map<string, Promise<void>>()
  #pending: Pending | null = null
  #hidden: ReadonlySet<string> = new Set()

  constructor(means: Means) {
    this.#means = means
  }

  /** What is not to be shown: what waits, what is being deleted, and what is gone. */
  hidden = (): ReadonlySet<string> => this.#hidden

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  delete(id: string, fate: Fate = {}): void {
    if (this.#hidden.has(id)) return
    void this.settle()
    this.#pending = { id, fate, leftMs: UNDO_MS, runsSince: 0, timer: undefined }
    this.release()
    this.#show([...this.#hidden, id])
  }

  /** Brings back what still can be; it stands where it stood. */
  undo(id: string): void {
    if (this.#pending?.id !== id) return
    clearTimeout(this.#pending.timer)
    this.#pending = null
    this.#unhide(id)
  }

  /** The time stands still while the learner turns to the way back. */
  hold(): void {
    const pending = this.#pending
    if (pending?.timer === undefined) return
    clearTimeout(pending.timer)
    pending.timer = undefined
    pending.leftMs -= Date.now() - pending.runsSince
  }

  release(): void {
    const pending = this.#pending
    if (pending === null || pending.timer !== undefined) return
    pending.runsSince = Date.now()
    pending.timer = setTimeout(() => void this.settle(), pending.leftMs)
  }

  /** Sends at once what waits: the page is left, or somebody signs out. Done when all is answered. */
  async settle(): Promise<void> {
    const pending = this.#pending
    if (pending !== null) {
      clearTimeout(pending.timer)
      this.#pending = null
      this.#send(pending.id, pending.fate)
      pending.fate.sent?.()
    }
    await Promise.all(this.#underWay.values())
  }

  /** Sends again what the page before this one may not have been able to: deleting twice is fine. */
  resume(ids: readonly string[], fate: Fate = {}): void {
    const left = ids.filter((id) => !this.#hidden.has(id))
    if (left.length === 0) return
    this.#show([...this.#hidden, ...left])
    for (const id of left) this.#send(id, fate)
  }

  #send(id: string, fate: Fate): void {
    const answered = (after: () => void) => {
      this.#underWay.delete(id)
      this.#remember()
      after()
    }
    const sending = this.#means.send(id).then(
      () => answered(() => fate.gone?.()),
      (cause: unknown) =>
        answered(() => {
          this.#unhide(id)
          fate.failed?.(cause)
        }),
    )
    this.#underWay.set(id, sending)
    this.#remember()
  }

  #remember(): void {
    this.#means.remember([...this.#underWay.keys()])
  }

  #unhide(id: string): void {
    this.#show([...this.#hidden].filter((other) => other !== id))
  }

  #show(hidden: readonly string[]): void {
    this.#hidden = new Set(hidden)
    for (const listener of this.#listeners) listener()
  }
}
