/** Draws one frame; says whether another is wanted, or nothing will change until `wake`. */
export type Draw = (elapsedS: number, nowMs: number) => boolean

export interface FrameOptions {
  /** How many frames a second are enough: the screen's own number when there is no bound. */
  perSecond: () => number | null
}

/** What a frame may come early by and still be drawn: screens do not tick evenly. */
const EARLY_MS = 4

/**
 * Frames for something that moves, and only while somebody can see it: none on a hidden page, none
 * when it is scrolled away, none when nothing moves.
 */
export class Frames {
  readonly #draw: Draw
  readonly #options: FrameOptions
  readonly #watch: IntersectionObserver
  #frame = 0
  #lastMs: number | null = null
  #inSight = true
  #closed = false

  constructor(element: Element, draw: Draw, options: FrameOptions) {
    this.#draw = draw
    this.#options = options
    this.#watch = new IntersectionObserver((entries) => {
      this.#inSight = entries.at(-1)?.isIntersecting ?? true
      this.#resume()
    })
    this.#watch.observe(element)
    document.addEventListener('visibilitychange', this.#resume)
    this.#resume()
  }

  /** Something has changed that is worth a frame. */
  wake(): void {
    this.#resume()
  }

  close(): void {
    this.#closed = true
    this.#watch.disconnect()
    document.removeEventListener('visibilitychange', this.#resume)
    this.#stop()
  }

  readonly #resume = () => {
    if (this.#closed || document.hidden || !this.#inSight) this.#stop()
    else if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#onFrame)
  }

  #stop(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    this.#lastMs = null
  }

  readonly #onFrame = (nowMs: number) => {
    this.#frame = requestAnimationFrame(this.#onFrame)
    const perSecond = this.#options.perSecond()
    const elapsedMs = this.#lastMs === null ? 0 : nowMs - this.#lastMs
    const tooSoon = perSecond !== null && elapsedMs + EARLY_MS < 1000 / perSecond
    if (this.#lastMs !== null && tooSoon) return
    this.#lastMs = nowMs
    if (!this.#draw(elapsedMs / 1000, nowMs)) this.#stop()
  }
}
