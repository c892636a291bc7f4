import { useSyncExternalStore } from 'react'
import { onReturn } from './away'

/** `offline`: this device has no network. `away`: it has one, but the server does not answer. */
export type ConnectionState = 'up' | 'offline' | 'away'

const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000]

/** Whether the server can be reached; once it cannot, it is asked again and again until it can. */
export class Connection {
  readonly #isOnline: () => boolean
  readonly #listeners = new Set<() => void>()
  #state: ConnectionState
  #probe: (() => Promise<unknown>) | null = null
  #asking = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(isOnline: () => boolean = () => navigator.onLine) {
    this.#isOnline = isOnline
    this.#state = isOnline() ? 'up' : 'offline'
  }

  snapshot = (): ConnectionState => this.#state

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** From here on `probe` decides: what it throws is a server that does not answer. */
  watch(probe: () => Promise<unknown>): () => void {
    this.#probe = probe
    const ask = () => void this.#ask(0)
    const stopReturning = onReturn(() => {
      if (this.#state !== 'up') ask()
    })
    addEventListener('offline', this.#onOffline)
    if (this.#state !== 'up') ask()
    return () => {
      this.#probe = null
      clearTimeout(this.#timer)
      stopReturning()
      removeEventListener('offline', this.#onOffline)
    }
  }

  /** A call came to nothing. One lost call is no news yet: the server is asked before anybody is told. */
  suspect = (): void => {
    if (this.#state === 'up') void this.#ask(0)
  }

  #onOffline = (): void => {
    this.#become('offline')
    void this.#ask(0)
  }

  async #ask(round: number): Promise<void> {
    if (this.#probe === null || this.#asking) return
    clearTimeout(this.#timer)
    this.#asking = true
    const answered = await this.#probe().then(
      () => true,
      () => false,
    )
    this.#asking = false
    if (answered) {
      this.#become('up')
      return
    }
    this.#become(this.#isOnline() ? 'away' : 'offline')
    const pause = PAUSES_MS[Math.min(round, PAUSES_MS.length - 1)]
    // With some chance in it, so that many pages do not come back at the same moment.
    this.#timer = setTimeout(
      () => void this.#ask(round + 1),
      (pause ?? 0) * (0.85 + 0.3 * Math.random()),
    )
  }

  #become(state: ConnectionState): void {
    if (state === this.#state) return
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}

export const connection = new Connection(() => typeof navigator === 'undefined' || navigator.onLine)

export function useConnection(): ConnectionState {
  return useSyncExternalStore(connection.subscribe, connection.snapshot)
}
