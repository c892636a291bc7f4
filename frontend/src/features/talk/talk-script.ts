import { orThrow, type Api } from '@/lib/api/client'
import type { Conversation } from '@/lib/api/models'
import type { Words } from '@/lib/livekit/words'
import { withoutAnswered } from './outbox'
import type { TalkStore } from './talk-store'
import { withTurns, withWords, type ScriptEntry } from './transcript'
import { TranscriptStore } from './transcript-store'

/** The words of the conversation on the page: as they come over the line, and as they are stored. */
export class TalkScript {
  readonly transcript = new TranscriptStore()
  readonly #api: Api
  readonly #store: TalkStore
  #conversationId: string | null = null

  constructor(api: Api, store: TalkStore) {
    this.#api = api
    this.#store = store
  }

  /** From here on it is about this conversation. */
  turnTo(conversationId: string): void {
    if (this.#conversationId !== conversationId) this.#clear()
    this.#conversationId = conversationId
    void this.load(conversationId)
  }

  /** What is over is taken off the page when the next talk begins. */
  forgetEnded(): void {
    if (this.#store.snapshot().endedAt !== null) this.#clear()
  }

  add = (words: Words): void => this.#show(withWords(this.transcript.entries(), words))

  async fetch(id: string, signal?: AbortSignal): Promise<Conversation> {
    return orThrow(this.#api.GET('/conversations/{id}', { params: { path: { id } }, signal }))
  }

  async load(id: string): Promise<void> {
    try {
      const conversation = await this.fetch(id)
      this.#conversationId ??= id
      if (this.#conversationId === id) this.showStored(conversation)
    } catch {
      // The room sends the recent words again; what is older waits in the history.
    }
  }

  showStored({ turns, started_at, ended_at }: Conversation): void {
    this.#show(withTurns(this.transcript.entries(), turns))
    this.#store.show({
      startedAt: new Date(started_at),
      endedAt: ended_at == null ? null : new Date(ended_at),
    })
  }

  #show(entries: readonly ScriptEntry[]): void {
    this.transcript.set(entries)
    const { waiting } = this.#store.snapshot()
    const left = withoutAnswered(waiting, entries)
    if (left !== waiting) this.#store.show({ waiting: left })
  }

  #clear(): void {
    this.transcript.set([])
    this.#store.show({ startedAt: null, endedAt: null })
  }
}
