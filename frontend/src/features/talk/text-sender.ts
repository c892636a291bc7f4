import type { Call } from '@/lib/livekit/call'
import { nextToSend, withSent } from './outbox'
import { isWithTutor } from './talk-machine'
import type { TalkStore } from './talk-store'
import type { TranscriptStore } from './transcript-store'

const RESEND_MS = 2_500

/** Sends what the learner typed, and again what nobody took up: a line that was just made may lose words. */
export class TextSender {
  readonly #store: TalkStore
  readonly #transcript: TranscriptStore
  readonly #call: () => Call | null
  #sending = false

  constructor(store: TalkStore, transcript: TranscriptStore, call: () => Call | null) {
    this.#store = store
    this.#transcript = transcript
    this.#call = call
  }

  add(text: string): void {
    const words = text.trim()
    if (words === '') return
    const typed = { id: crypto.randomUUID(), text: words, sends: 0, sentAt: 0, seen: [] }
    this.#store.show({ waiting: [...this.#store.snapshot().waiting, typed] })
    this.sendWaiting()
  }

  sendWaiting = (): void => {
    if (!this.#sending) void this.#sendAll()
  }

  async #sendAll(): Promise<void> {
    this.#sending = true
    try {
      for (let call = this.#readBy(); call !== null; call = this.#readBy()) {
        const typed = nextToSend(this.#store.snapshot().waiting, Date.now(), RESEND_MS)
        if (typed === null) break
        await call.sendText(typed.id, typed.text)
        const { waiting } = this.#store.snapshot()
        const sent = withSent(waiting, typed.id, Date.now(), this.#transcript.entries())
        this.#store.show({ waiting: sent })
        setTimeout(this.sendWaiting, RESEND_MS + 50)
      }
    } catch {
      // The line broke in the middle; the words wait for the next one.
    } finally {
      this.#sending = false
    }
  }

  /** Nothing is replayed to a tutor who comes later, so words wait until one is there. */
  #readBy(): Call | null {
    return isWithTutor(this.#store.snapshot().state) ? this.#call() : null
  }
}
