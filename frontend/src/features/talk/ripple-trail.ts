/** How long a ripple lives, how many are under way at once, and how far they get. */
const LIFE_S = 1.5
const COUNT = 3
const REACH = 40
/** How finely the level's past is kept. */
const STEP_S = 1 / 60
const PAST = Math.ceil(LIFE_S / STEP_S) + 2

export interface Ripple {
  /** How far outside the ring it is. */
  distance: number
  /** How strong the voice was when it left the ring, thinned by the way it went. */
  strength: number
}

/**
 * The ripples that a voice sends out: each carries the loudness of the moment at which it left, so
 * that what moves outwards is the sentence itself.
 */
export class RippleTrail {
  readonly #past = new Float32Array(PAST)
  /** The age of the ripple nearest to the ring, from 0 to the time between two. */
  #age = 0
  #carried = 0
  #head = 0
  readonly ripples: Ripple[] = Array.from({ length: COUNT }, () => ({ distance: 0, strength: 0 }))

  advance(seconds: number, level: number): void {
    this.#remember(seconds, level)
    const between = LIFE_S / COUNT
    this.#age = (this.#age + seconds) % between
    this.ripples.forEach((ripple, index) => {
      const age = this.#age + index * between
      const share = age / LIFE_S
      ripple.distance = 4 + REACH * share
      // Comes up out of the ring and is gone before it would vanish at once.
      ripple.strength = this.#levelAt(age) * Math.min(1, share * 8) * (1 - share) ** 1.3
    })
  }

  #remember(seconds: number, level: number): void {
    this.#carried += seconds
    while (this.#carried >= STEP_S) {
      this.#carried -= STEP_S
      this.#head = (this.#head + 1) % PAST
      this.#past[this.#head] = level
    }
  }

  #levelAt(age: number): number {
    const steps = age / STEP_S
    const whole = Math.floor(steps)
    const at = (back: number) => this.#past[(this.#head - back + 2 * PAST) % PAST] ?? 0
    const near = at(Math.min(whole, PAST - 1))
    return near + (at(Math.min(whole + 1, PAST - 1)) - near) * (steps - whole)
  }
}
