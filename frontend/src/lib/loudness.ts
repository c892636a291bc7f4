/** How fast a level rises with a sound and falls after it, as time constants. */
const ATTACK_S = 0.035
const RELEASE_S = 0.19

/** Quick to rise and slow to fall, as ears are; the same at any number of readings per second. */
export function follow(level: number, goal: number, seconds: number): number {
  return goal + (level - goal) * Math.exp(-seconds / (goal > level ? ATTACK_S : RELEASE_S))
}

const LOUD_DB = -16
const SOFTEST_ROOM_DB = -62
const LOUDEST_ROOM_DB = -40
/** A voice is this much above the sound of its room before it counts. */
const ABOVE_ROOM_DB = 8
/** The room is found within a breath, and a long sentence does not pass for one. */
const ROOM_FALLS_S = 0.15
const ROOM_RISES_DB_PER_S = 1.5

/**
 * From decibels to what is heard: even steps of decibels are even steps of loudness. What is always
 * there (a fan, the street) is learned and taken away, so that the shape answers to a voice alone.
 */
export class LoudnessScale {
  #roomDb = SOFTEST_ROOM_DB + 8

  levelOf(decibels: number, seconds: number): number {
    this.#learnRoom(decibels, seconds)
    const silent = this.#roomDb + ABOVE_ROOM_DB
    return Math.min(1, Math.max(0, (decibels - silent) / (LOUD_DB - silent)))
  }

  #learnRoom(decibels: number, seconds: number): void {
    const heard = Math.max(SOFTEST_ROOM_DB, decibels)
    this.#roomDb =
      heard < this.#roomDb
        ? heard + (this.#roomDb - heard) * Math.exp(-seconds / ROOM_FALLS_S)
        : Math.min(heard, LOUDEST_ROOM_DB, this.#roomDb + ROOM_RISES_DB_PER_S * seconds)
  }
}
