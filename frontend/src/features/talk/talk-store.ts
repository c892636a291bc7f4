import { setTalking } from '@/lib/talk-under-way'
import type { Typed } from './outbox'
import { atTheDoor, lineOf, talkReducer, type TalkEvent, type TalkState } from './talk-machine'

/** Everything the talk page shows but the words of the script, as one value that changes as a whole. */
export interface TalkSnapshot {
  state: TalkState
  /** What the learner typed before anybody was there to read it. */
  waiting: readonly Typed[]
  startedAt: Date | null
  endedAt: Date | null
}

/** Keeps what the page shows, and tells whoever draws it of each change. */
export class TalkStore {
  readonly #listeners = new Set<() => void>()
  #snapshot: TalkSnapshot = {
    state: atTheDoor,
    waiting: [],
    startedAt: null,
    endedAt: null,
  }

  snapshot = (): TalkSnapshot => this.#snapshot

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(event: TalkEvent): void {
    const state = talkReducer(this.#snapshot.state, event)
    setTalking(lineOf(state) !== null || state.at === 'asking')
    this.show({ state })
  }

  /** The page is left: whatever its talk was at, it is not under way here any more, whoever still has news of it. */
  leave(): void {
    this.show({ state: atTheDoor })
    setTalking(false)
  }

  show(change: Partial<TalkSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change }
    for (const listener of this.#listeners) listener()
  }
}
