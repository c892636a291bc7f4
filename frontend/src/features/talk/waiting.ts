import type { TalkEvent } from './talk-machine'

const LATE_MS = 5_000
const VERY_LATE_MS = 20_000
const PONDERS_MS = 600

/** Tells of the time that passes while the tutor is awaited, and while it thinks. */
export class Waiting {
  readonly #tell: (event: TalkEvent) => void
  #forTutor: ReturnType<typeof setTimeout>[] = []
  #forWords: ReturnType<typeof setTimeout> | undefined

  constructor(tell: (event: TalkEvent) => void) {
    this.#tell = tell
  }

  tutorIsAwaited(): void {
    this.#stopAwaitingTutor()
    this.#forTutor = [
      setTimeout(() => this.#tell({ type: 'wait_grew', wait: 'late' }), LATE_MS),
      setTimeout(() => this.#tell({ type: 'wait_grew', wait: 'very_late' }), VERY_LATE_MS),
    ]
  }

  tutorIsHere(): void {
    this.#stopAwaitingTutor()
  }

  tutorThinks(): void {
    clearTimeout(this.#forWords)
    this.#forWords = setTimeout(() => this.#tell({ type: 'tutor_pondered' }), PONDERS_MS)
  }

  tutorHasThought(): void {
    clearTimeout(this.#forWords)
  }

  stop(): void {
    this.#stopAwaitingTutor()
    this.tutorHasThought()
  }

  #stopAwaitingTutor(): void {
    for (const timer of this.#forTutor) clearTimeout(timer)
    this.#forTutor = []
  }
}
