/** What the page says for those who cannot see the level. */
export type Hearing = 'listening' | 'heard' | 'nothing'

/** Above the room's own sound by as much as a soft voice is. */
const VOICE = 0.12
/** Between words and sentences one is still heard. */
const HOLDS_MS = 2_500
/** So long does a person need to find a word to say; after that the silence is worth a word of ours. */
const PATIENCE_MS = 6_000

/** Decides from the levels of a microphone whether its learner is heard; `sinceMs` is when it was opened. */
export class HearingJudge {
  #quietSince: number
  #heardAt: number | null = null

  constructor(sinceMs: number) {
    this.#quietSince = sinceMs
  }

  judge(level: number, nowMs: number): Hearing {
    if (level >= VOICE) {
      this.#heardAt = nowMs
      this.#quietSince = nowMs
    }
    if (this.#heardAt !== null && nowMs - this.#heardAt <= HOLDS_MS) return 'heard'
    return nowMs - this.#quietSince >= PATIENCE_MS ? 'nothing' : 'listening'
  }
}
