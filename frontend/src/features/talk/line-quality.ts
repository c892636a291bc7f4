/** A bad moment is no news, nor is a good one in between. */
const LASTS_MS = 5_000

/** Tells of a line that is poor, or good again, for a while. */
export class LineQuality {
  readonly #tell: (quality: 'good' | 'poor') => void
  #heard: 'good' | 'poor' = 'good'
  #told: 'good' | 'poor' = 'good'
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(tell: (quality: 'good' | 'poor') => void) {
    this.#tell = tell
  }

  is = (quality: 'good' | 'poor'): void => {
    if (quality === this.#heard) return
    this.#heard = quality
    clearTimeout(this.#timer)
    if (quality === this.#told) return
    this.#timer = setTimeout(() => {
      this.#told = quality
      this.#tell(quality)
    }, LASTS_MS)
  }

  /** Nothing is known of a new line, so it counts as good. */
  beginAnew(): void {
    clearTimeout(this.#timer)
    if (this.#told === 'poor') this.#tell('good')
    this.#heard = 'good'
    this.#told = 'good'
  }
}
