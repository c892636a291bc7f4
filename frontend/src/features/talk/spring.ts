/**
 * A number that moves towards its goal and comes to rest there without overshooting: a critically
 * damped spring, solved rather than stepped, so that any frame rate draws the same movement.
 */
export class Spring {
  value: number
  #velocity = 0
  /** How quickly it gets there: about 6 / `pace` seconds. */
  readonly #pace: number

  constructor(value: number, pace: number) {
    this.value = value
    this.#pace = pace
  }

  towards(goal: number, seconds: number): number {
    const away = this.value - goal
    const pull = this.#velocity + this.#pace * away
    const decay = Math.exp(-this.#pace * seconds)
    this.value = goal + (away + pull * seconds) * decay
    this.#velocity = (this.#velocity - this.#pace * pull * seconds) * decay
    return this.value
  }

  /** Is there at once, and at rest. */
  jump(goal: number): void {
    this.value = goal
    this.#velocity = 0
  }

  restsAt(goal: number, within: number): boolean {
    return Math.abs(this.value - goal) < within && Math.abs(this.#velocity) < within * this.#pace
  }
}
