import { orThrow, type Api } from '@/lib/api/client'
import type { Conversation, EndReason } from '@/lib/api/models'
import { asApiError } from '@/lib/api/problem'
import { networkOr, onReturn } from '@/lib/away'
import { LoudnessMeter } from '@/lib/audio-level'
import { Call, type CallListener, type TutorPresence } from '@/lib/livekit/call'
import { refusalOf } from '@/lib/devices/refusal'
import { openMicrophone, switchMicrophone } from '@/lib/livekit/microphone'
import { setTalking } from '@/lib/talk-under-way'
import type { LocalAudioTrack } from 'livekit-client'
import { claimTab, forgetTab, partOfThisTab, rememberTab } from './tab-memory'
import { atTheDoor, lineOf, talkReducer, type TalkEvent, type TalkState } from './talk-machine'
import { nextToSend, withoutAnswered, withSent, type Typed } from './outbox'
import { withTurns, withWords, type ScriptEntry } from './transcript'
import { TranscriptStore } from './transcript-store'

/** Everything the talk page shows but the words of the script, as one value that changes as a whole. */
export interface TalkSnapshot {
  state: TalkState
  /** What the learner typed before anybody was there to read it. */
  waiting: readonly Typed[]
  startedAt: Date | null
  endedAt: Date | null
}

const LATE_MS = 5_000
const VERY_LATE_MS = 20_000
const PONDERS_MS = 600
const RESEND_MS = 2_500
/** Whoever was away is back within two seconds of being able to; minutes of it stay below the limit on tokens. */
const RETRY_MS = [300, 600]
/** An answer that takes longer than this was asked for over a network that is gone. */
const ANSWERS_WITHIN_MS = 4_000

/** Carries out what the machine decides: the microphone, the line, the calls to the API. */
export class TalkController {
  /** What was said: apart, because it changes with every word. */
  readonly transcript = new TranscriptStore()
  readonly #api: Api
  readonly #listeners = new Set<() => void>()
  readonly #learnerMeter = new LoudnessMeter()
  readonly #tutorMeter = new LoudnessMeter()
  #snapshot: TalkSnapshot = {
    state: atTheDoor,
    waiting: [],
    startedAt: null,
    endedAt: null,
  }
  #call: Call | null = null
  #microphone: LocalAudioTrack | null = null
  /** Grows with each call placed and each page left: what an older one brings back is dropped. */
  #attempt = 0
  #timers: ReturnType<typeof setTimeout>[] = []
  #ponderTimer: ReturnType<typeof setTimeout> | undefined
  #sending = false
  #stopWatchingForReturn: (() => void) | null = null

  constructor(api: Api) {
    this.#api = api
  }

  snapshot = (): TalkSnapshot => this.#snapshot

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  loudness = () => ({ learner: this.#learnerMeter.read(), tutor: this.#tutorMeter.read() })

  /** Shows a conversation that is still open; one that was this tab's is taken up at once. */
  async open(live: { conversation_id: string; learner_present: boolean } | null): Promise<void> {
    if (live === null) {
      forgetTab()
      this.#tell({ type: 'found', open: null })
      return
    }
    const attempt = this.#attempt
    const conversationId = live.conversation_id
    const part = partOfThisTab(conversationId)
    const mine = part !== null && (await claimTab())
    await this.#loadTurns(conversationId)
    if (attempt !== this.#attempt) return
    this.#tell({
      type: 'found',
      open: { conversationId, elsewhere: live.learner_present && !mine },
    })
    if (!mine) return
    if (part === 'typing') await this.typeInstead()
    else await this.talk()
  }

  /** The press on "Talk", and on everything that means the same. */
  talk = async (): Promise<void> => {
    if (lineOf(this.#snapshot.state) !== null) return
    this.#tell({ type: 'pressed_talk' })
    const attempt = ++this.#attempt
    try {
      await this.#needMicrophone()
    } catch (cause) {
      if (attempt === this.#attempt) {
        this.#tell({ type: 'microphone_refused', cause: refusalOf(cause) })
      }
      return
    }
    if (attempt === this.#attempt) await this.#begin(attempt)
    else this.#releaseMicrophone()
  }

  typeInstead = async (): Promise<void> => {
    this.#releaseMicrophone()
    await this.#begin(++this.#attempt)
  }

  /** Hangs up and calls anew, in the same conversation. */
  callAgain = async (): Promise<void> => {
    this.#hangUp()
    await this.#begin(++this.#attempt)
  }

  toggleMute = async (): Promise<void> => {
    const line = lineOf(this.#snapshot.state)
    if (line === null) return
    if (this.#microphone === null) {
      await this.#addMicrophone()
    } else if (line.microphone === 'live') {
      await this.#microphone.mute()
      this.#tell({ type: 'microphone_is', microphone: 'muted' })
    } else {
      await this.#microphone.unmute()
      this.#tell({ type: 'microphone_is', microphone: 'live' })
    }
  }

  chooseMicrophone = async (id: string): Promise<void> => {
    if (this.#microphone === null) return
    await switchMicrophone(this.#microphone, id)
    this.#learnerMeter.listenTo(this.#microphone.mediaStreamTrack)
  }

  type = (text: string): void => {
    const words = text.trim()
    if (words === '') return
    const typed: Typed = { id: crypto.randomUUID(), text: words, sends: 0, sentAt: 0, seen: [] }
    this.#show({ waiting: [...this.#snapshot.waiting, typed] })
    void this.#sendWaiting()
  }

  allowSound = async (): Promise<void> => {
    await this.#call?.allowSound()
  }

  end = async (): Promise<void> => {
    const line = lineOf(this.#snapshot.state)
    if (line === null) return
    this.#attempt += 1
    this.#tell({ type: 'pressed_end' })
    const id = line.conversationId
    let reason: EndReason | null = 'learner_ended'
    if (id !== null) {
      const call = this.#api.POST('/conversations/{id}/end', { params: { path: { id } } })
      // Should the word not get through: the empty room closes the conversation a minute later.
      const ended = await orThrow(call).catch(() => null)
      reason = ended?.end_reason ?? reason
    }
    this.#close({ type: 'ended', conversationId: id, reason })
    if (id !== null) await this.#loadTurns(id)
  }

  /** The page is left: hang up, but leave the conversation open for whoever comes back to it. */
  dispose(): void {
    this.#attempt += 1
    setTalking(false)
    this.#hangUp()
    this.#watchForReturn(false)
    this.#releaseMicrophone()
    this.#learnerMeter.close()
    this.#tutorMeter.close()
  }

  async #begin(attempt: number): Promise<void> {
    const microphone =
      this.#microphone === null ? 'none' : this.#microphone.isMuted ? 'muted' : 'live'
    this.#tell({ type: 'calling', microphone })
    if (this.#snapshot.endedAt !== null) {
      this.transcript.set([])
      this.#show({ startedAt: null, endedAt: null })
    }
    this.#startWaiting()
    this.#watchForReturn(true)
    try {
      const call = await this.#placeCall(attempt)
      call?.report()
    } catch (cause) {
      if (attempt !== this.#attempt) return
      const { code } = asApiError(cause)
      this.#close({ type: 'failed', code: isMediaFault(cause) ? 'media' : code })
    }
  }

  /** Returns the call, unless the page has meanwhile gone on to something else. */
  async #placeCall(attempt: number, signal?: AbortSignal): Promise<Call | null> {
    const ticket = await orThrow(this.#api.POST('/sessions/default/token', { signal }))
    if (attempt !== this.#attempt) return null
    await claimTab()
    this.#joinConversation(ticket.conversation_id)
    const call = await Call.place(
      {
        serverUrl: ticket.server_url,
        token: ticket.participant_token,
        conversationId: ticket.conversation_id,
      },
      this.#microphone,
      this.#listenerFor(attempt),
    )
    if (attempt !== this.#attempt) {
      call.leave()
      return null
    }
    this.#call = call
    void this.#sendWaiting()
    return call
  }

  #joinConversation(conversationId: string): void {
    const before = lineOf(this.#snapshot.state)?.conversationId ?? this.#lastShownConversation
    if (before !== conversationId) {
      this.transcript.set([])
      this.#show({ startedAt: null })
    }
    this.#lastShownConversation = conversationId
    rememberTab(conversationId, this.#microphone === null ? 'typing' : 'speaking')
    this.#tell({ type: 'placed', conversationId })
    void this.#loadTurns(conversationId)
  }
  #lastShownConversation: string | null = null

  #listenerFor(attempt: number): CallListener {
    const current = () => attempt === this.#attempt
    const ifCurrent =
      <A extends unknown[]>(handle: (...args: A) => void) =>
      (...args: A) => {
        if (current()) handle(...args)
      }
    return {
      tutorIs: ifCurrent((tutor) => this.#onTutor(tutor)),
      said: ifCurrent((words) => this.#showEntries(withWords(this.transcript.entries(), words))),
      closed: ifCurrent((why) => void this.#onClosed(why)),
      soundIs: ifCurrent((sound) => this.#tell({ type: 'sound_is', sound })),
      tutorTrackIs: ifCurrent((track) => this.#tutorMeter.listenTo(track)),
      microphoneEnded: ifCurrent(() => this.#onMicrophoneEnded()),
    }
  }

  #onTutor(tutor: TutorPresence | null): void {
    const { state } = this.#snapshot
    if (tutor === null) {
      if (state.at !== 'talking') return
      this.#tell({ type: 'tutor_left' })
      this.#startWaiting()
      // Gone to be replaced, or gone because all is said?
      // Without an answer, because the server is away, too, whoever comes next into the room tells it.
      this.#closeIfEnded().catch(() => false)
      return
    }
    if (tutor.ended !== null) {
      this.#onEnded(tutor.ended)
      return
    }
    this.#tell({ type: 'voice_is', voice: tutor.voice })
    if (tutor.doing === null) return
    this.#stopWaiting()
    const before = this.#snapshot.state
    this.#tell({ type: 'tutor_is', tutor: tutor.doing })
    const began = before.at !== 'talking' || before.tutor !== tutor.doing
    if (tutor.doing !== 'thinking') clearTimeout(this.#ponderTimer)
    else if (began) {
      clearTimeout(this.#ponderTimer)
      this.#ponderTimer = setTimeout(() => this.#tell({ type: 'tutor_pondered' }), PONDERS_MS)
    }
    void this.#sendWaiting()
  }

  /** The tutor says that it is over; the stored conversation follows a moment later. */
  #onEnded(reason: string): void {
    const conversationId = lineOf(this.#snapshot.state)?.conversationId ?? null
    this.#attempt += 1
    this.#close({ type: 'ended', conversationId, reason: knownReason(reason) })
    if (conversationId !== null) void this.#loadTurns(conversationId)
  }

  #onMicrophoneEnded(): void {
    this.#releaseMicrophone()
    this.#tell({ type: 'microphone_is', microphone: 'none' })
  }

  async #onClosed(why: 'moved' | 'dropped'): Promise<void> {
    this.#call = null
    if (why === 'moved') {
      forgetTab()
      this.#close({ type: 'moved_away' })
      return
    }
    this.#tell({ type: 'line_lost' })
    await this.#comeBack(++this.#attempt)
  }

  #watchForReturn(watch: boolean): void {
    this.#stopWatchingForReturn?.()
    this.#stopWatchingForReturn = watch ? onReturn(() => this.#onReturn()) : null
  }

  /** The line of a page that was away may be dead without a word of it: a new one stands sooner than that is found out. */
  #onReturn(): void {
    const { at } = this.#snapshot.state
    if (this.#call === null || (at !== 'calling' && at !== 'talking' && at !== 'reconnecting'))
      return
    this.#hangUp()
    this.#tell({ type: 'line_lost' })
    void this.#comeBack(++this.#attempt)
  }

  /** Places the call again until it stands, or the conversation turns out to be over. */
  async #comeBack(attempt: number): Promise<void> {
    for (let round = 0; attempt === this.#attempt; round += 1) {
      const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS)
      try {
        if (await this.#closeIfEnded(signal)) return
        const call = await this.#placeCall(attempt, signal)
        if (call === null) return
        this.#tell({ type: 'line_back' })
        this.#startWaiting()
        call.report()
        return
      } catch {
        const pause = RETRY_MS[Math.min(round, RETRY_MS.length - 1)] ?? 0
        // With some chance in it, so that many pages do not come back at the same moment.
        await networkOr(pause * (0.85 + 0.3 * Math.random()))
      }
    }
  }

  /** Whether the conversation is over; if so, the page shows its end. */
  async #closeIfEnded(signal?: AbortSignal): Promise<boolean> {
    const id = lineOf(this.#snapshot.state)?.conversationId
    if (id == null) return false
    const attempt = this.#attempt
    const conversation = await this.#fetchConversation(id, signal)
    if (attempt !== this.#attempt) return true
    if (conversation.ended_at == null) return false
    this.#attempt += 1
    this.#close({
      type: 'ended',
      conversationId: id,
      reason: conversation.end_reason ?? null,
    })
    this.#showConversation(conversation)
    return true
  }

  #showEntries(entries: readonly ScriptEntry[]): void {
    this.transcript.set(entries)
    const waiting = withoutAnswered(this.#snapshot.waiting, entries)
    if (waiting !== this.#snapshot.waiting) this.#show({ waiting })
  }

  async #fetchConversation(id: string, signal?: AbortSignal): Promise<Conversation> {
    return orThrow(this.#api.GET('/conversations/{id}', { params: { path: { id } }, signal }))
  }

  async #loadTurns(id: string): Promise<void> {
    try {
      const conversation = await this.#fetchConversation(id)
      this.#lastShownConversation ??= id
      if (this.#lastShownConversation === id) this.#showConversation(conversation)
    } catch {
      // The room sends the recent words again; what is older waits in the history.
    }
  }

  #showConversation(conversation: Conversation): void {
    this.#showEntries(withTurns(this.transcript.entries(), conversation.turns))
    this.#show({
      startedAt: new Date(conversation.started_at),
      endedAt: conversation.ended_at == null ? null : new Date(conversation.ended_at),
    })
  }

  /** Sends what waits, and again what nobody took up: a line that was just made may lose words. */
  async #sendWaiting(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    try {
      for (let next = this.#nextToSend(); next !== null; next = this.#nextToSend()) {
        const { call, typed } = next
        await call.sendText(typed.id, typed.text)
        const sent = withSent(
          this.#snapshot.waiting,
          typed.id,
          Date.now(),
          this.transcript.entries(),
        )
        this.#show({ waiting: sent })
        setTimeout(() => void this.#sendWaiting(), RESEND_MS + 50)
      }
    } catch {
      // The line broke in the middle; the words wait for the next one.
    } finally {
      this.#sending = false
    }
  }

  /** Nothing is replayed to a tutor who comes later, so words wait until one is there. */
  #nextToSend(): { call: Call; typed: Typed } | null {
    const { state, waiting } = this.#snapshot
    const read = state.at === 'talking' || (state.at === 'calling' && state.line.voice !== 'ok')
    if (this.#call === null || !read) return null
    const typed = nextToSend(waiting, Date.now(), RESEND_MS)
    return typed === null ? null : { call: this.#call, typed }
  }

  async #needMicrophone(): Promise<LocalAudioTrack> {
    this.#microphone ??= await openMicrophone()
    this.#learnerMeter.listenTo(this.#microphone.mediaStreamTrack)
    return this.#microphone
  }

  async #addMicrophone(): Promise<void> {
    try {
      const microphone = await this.#needMicrophone()
      await this.#call?.addMicrophone(microphone)
      this.#tell({ type: 'microphone_is', microphone: 'live' })
    } catch {
      // Still refused: the page goes on as it was, with the field.
    }
  }

  #releaseMicrophone(): void {
    this.#microphone?.stop()
    this.#microphone = null
    this.#learnerMeter.listenTo(null)
  }

  #startWaiting(): void {
    this.#stopWaiting()
    this.#timers = [
      setTimeout(() => this.#tell({ type: 'wait_grew', wait: 'late' }), LATE_MS),
      setTimeout(() => this.#tell({ type: 'wait_grew', wait: 'very_late' }), VERY_LATE_MS),
    ]
  }

  #stopWaiting(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers = []
  }

  #hangUp(): void {
    this.#stopWaiting()
    clearTimeout(this.#ponderTimer)
    this.#call?.leave()
    this.#call = null
    this.#tutorMeter.listenTo(null)
  }

  #close(event: TalkEvent & { type: 'ended' | 'failed' | 'moved_away' }): void {
    this.#hangUp()
    this.#watchForReturn(false)
    this.#releaseMicrophone()
    if (event.type === 'ended') {
      forgetTab()
      this.#show({ endedAt: new Date(), waiting: [] })
    }
    this.#tell(event)
  }

  #tell(event: TalkEvent): void {
    const state = talkReducer(this.#snapshot.state, event)
    setTalking(lineOf(state) !== null || state.at === 'asking')
    this.#show({ state })
  }

  #show(change: Partial<TalkSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change }
    for (const listener of this.#listeners) listener()
  }
}

const REASONS: readonly EndReason[] = [
  'learner_ended',
  'learner_gone',
  'tutor_ended',
  'time_limit',
  'provider_failed',
]

function knownReason(word: string): EndReason | null {
  return REASONS.find((reason) => reason === word) ?? null
}

function isMediaFault(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'ConnectionError'
}
