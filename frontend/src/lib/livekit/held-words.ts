import type { Words } from './words'

/** Holds the tutor's words back until their sound is heard, in their order; the learner's are never held. */
export class HeldWords {
  readonly #report: (words: Words) => void
  readonly #holdMs: () => number
  #held: { words: Words; due: number }[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(report: (words: Words) => void, holdMs: () => number) {
    this.#report = report
    this.#holdMs = holdMs
  }

  take = (words: Words): void => {
    const hold = words.speaker === 'tutor' ? this.#holdMs() : 0
    if (hold === 0 && (words.speaker === 'learner' || this.#held.length === 0)) {
      this.#report(words)
      return
    }
    // Never before what came earlier, should the delay have shrunk meanwhile.
    const due = Math.max(performance.now() + hold, this.#held.at(-1)?.due ?? 0)
    this.#held.push({ words, due })
    this.#timer ??= setTimeout(this.#release, hold)
  }

  /** Nothing more will be heard: what was held is told at once. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { words } of this.#held.splice(0)) this.#report(words)
  }

  readonly #release = (): void => {
    const now = performance.now()
    while (this.#held[0] !== undefined && this.#held[0].due <= now + 1) {
      const next = this.#held.shift()
      if (next !== undefined) this.#report(next.words)
    }
    const next = this.#held[0]
    this.#timer = next === undefined ? undefined : setTimeout(this.#release, next.due - now)
  }
}
