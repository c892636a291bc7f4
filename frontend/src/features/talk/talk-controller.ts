import { orThrow, type Api } from '@/lib/api/client'
import type { EndReason } from '@/lib/api/models'
import { asApiError } from '@/lib/api/problem'
import { onReturn, untilDone } from '@/lib/away'
import { LoudnessMeter } from '@/lib/audio-level'
import { refusalOf } from '@/lib/devices/refusal'
import type { Call, CallListener, TutorPresence } from '@/lib/livekit/call'
import { livekit } from '@/lib/livekit/load'
import type { LocalAudioTrack } from 'livekit-client'
import { CallMicrophone } from './call-microphone'
import { knownReason } from './end-reason'
import { LineQuality } from './line-quality'
import { claimTab, forgetTab, partOfThisTab, rememberTab } from './tab-memory'
import { TalkScript } from './talk-script'
import { TalkStore } from './talk-store'
import {
  isWithTutor,
  lineOf,
  type MicrophoneTrouble,
  type TalkEvent,
  type TalkState,
} from './talk-machine'
import { TextSender } from './text-sender'
import type { TranscriptStore } from './transcript-store'
import { Waiting } from './waiting'

/** Whether a press takes the conversation, from wherever it is, or this page only comes back to what was its own. */
type Claim = 'press' | 'return'

/** Carries out what the machine decides: the microphone, the line, the calls to the API. */
export class TalkController {
  readonly store = new TalkStore()
  readonly #api: Api
  readonly #script: TalkScript
  readonly #sender: TextSender
  readonly #waiting = new Waiting((event) => this.store.tell(event))
  readonly #quality = new LineQuality((quality) => this.#tell({ type: 'quality_is', quality }))
  readonly #microphone = new CallMicrophone({
    lost: (why, gone) => this.#onMicrophoneLost(why, gone),
    back: (track) => void this.#addMicrophone(track),
  })
  readonly #tutorMeter = new LoudnessMeter()
  #call: Call | null = null
  /** Grows with each call placed and each page left: what an older one brings back is dropped. */
  #attempt = 0
  #pushToTalk = false
  /** By what the server knows this page's hold on the conversation. */
  #takenAs: string | null = null
  #stopWatchingForReturn: (() => void) | null = null

  constructor(api: Api) {
    this.#api = api
    this.#script = new TalkScript(api, this.store)
    this.#sender = new TextSender(this.store, this.transcript, () => this.#call)
  }

  /** What was said: apart, because it changes with every word. */
  get transcript(): TranscriptStore {
    return this.#script.transcript
  }

  loudness = () => ({ learner: this.#microphone.meter.read(), tutor: this.#tutorMeter.read() })

  /** Shows a conversation that is still open; one that was this tab's is taken up at once. */
  async open(live: { conversation_id: string; learner_present: boolean } | null): Promise<void> {
    if (live === null) {
      forgetTab()
      this.#tell({ type: 'found', open: null })
      return
    }
    const attempt = this.#attempt
    const conversationId = live.conversation_id
    const before = partOfThisTab(conversationId)
    const mine = before !== null && (await claimTab(false, this.#onTaken))
    await this.#script.load(conversationId)
    if (attempt !== this.#attempt) return
    this.#tell({
      type: 'found',
      open: { conversationId, elsewhere: live.learner_present && !mine },
    })
    if (!mine) return
    this.#takenAs = before.takenAs
    if (before.part === 'typing') await this.#begin(++this.#attempt, 'return')
    else await this.#talk('return')
  }

  /** The press on "Talk", and on everything that means the same: in mid-talk, that one wants to be heard. */
  talk = async (): Promise<void> => {
    // A second press of the same hand.
    if (this.#state.at === 'asking') return
    if (this.#line === null) await this.#talk('press')
    else await this.#openMicrophone()
  }

  /** In mid-talk, the learner goes on without a microphone. */
  typeInstead = async (): Promise<void> => {
    const unheard = this.#microphone.track
    // Nor does one that is given back later open by itself.
    this.#microphone.release()
    if (this.#line !== null) {
      this.#tell({ type: 'chose_typing' })
      this.#remember()
      if (unheard !== null) await this.#takeOffTheLine(unheard)
      return
    }
    await this.#begin(++this.#attempt, 'press')
  }

  /** Hangs up and calls anew, in the same conversation. */
  callAgain = async (): Promise<void> => {
    // Not for the second press of the same hand: the new call is being made.
    if (this.#state.at !== 'calling' || this.#state.wait !== 'very_late') return
    this.#hangUp()
    await this.#begin(++this.#attempt, 'press')
  }

  toggleMute = async (): Promise<void> => {
    const line = this.#line
    if (line === null) return
    if (line.microphone === 'none') await this.#openMicrophone()
    else if (line.microphone === 'live') await this.#setMuted(true)
    // With push-to-talk, nothing but a hold opens it: neither a headset's button nor the system's.
    else if (!this.#pushToTalk) await this.#setMuted(false)
  }

  /** With push-to-talk: the key or the button is down, or up again. */
  hold = (down: boolean): void => {
    if (this.#line === null || !this.#pushToTalk) return
    if (this.#line.microphone !== 'none') void this.#setMuted(!down)
    else if (down) void this.#openMicrophone()
  }

  /** The setting, as it is now: it also reaches a talk that is under way. */
  setPushToTalk = (on: boolean): void => {
    if (on === this.#pushToTalk) return
    this.#pushToTalk = on
    this.#tell({ type: 'push_to_talk_is', on })
    void this.#setMuted(on)
  }

  chooseMicrophone = async (id: string): Promise<void> => {
    const before = this.#microphone.track
    try {
      await this.#microphone.choose(id)
    } catch (cause) {
      this.#onMicrophoneLost(refusalOf(cause), before)
    }
  }

  type = (text: string): void => this.#sender.add(text)

  allowSound = async (): Promise<void> => {
    await this.#call?.allowSound()
  }

  end = async (): Promise<void> => {
    const line = this.#line
    if (line === null) return
    this.#attempt += 1
    this.#tell({ type: 'pressed_end' })
    // Whoever hangs up is not heard any more and hears nobody, however long the answer takes.
    this.#microphone.release()
    this.#call?.hush()
    const id = line.conversationId
    let reason: EndReason | null = 'learner_ended'
    if (id !== null) {
      const call = this.#api.POST('/conversations/{id}/end', { params: { path: { id } } })
      // Should the word not get through: the empty room closes the conversation a minute later.
      const ended = await orThrow(call).catch(() => null)
      reason = ended?.end_reason ?? reason
    }
    this.#close({ type: 'ended', conversationId: id, reason })
    if (id !== null) await this.#script.load(id)
  }

  /** The page is left: hang up, but leave the conversation open for whoever comes back to it. */
  dispose(): void {
    this.#attempt += 1
    this.#hangUp()
    this.#watchForReturn(false)
    this.#microphone.close()
    this.#tutorMeter.close()
    this.store.leave()
  }

  async #talk(claim: Claim): Promise<void> {
    this.#tell({ type: 'pressed_talk' })
    const attempt = ++this.#attempt
    try {
      await livekit()
    } catch (cause) {
      if (attempt === this.#attempt) this.#fail(cause)
      return
    }
    try {
      await this.#microphone.setMuted(this.#pushToTalk)
      await this.#microphone.open()
    } catch (cause) {
      if (attempt === this.#attempt) {
        this.#tell({ type: 'microphone_refused', cause: refusalOf(cause) })
      }
      return
    }
    if (attempt === this.#attempt) await this.#begin(attempt, claim)
  }

  async #begin(attempt: number, claim: Claim): Promise<void> {
    this.#tell({
      type: 'calling',
      microphone: this.#microphone.is,
      pushToTalk: this.#pushToTalk,
    })
    this.#script.forgetEnded()
    this.#waiting.tutorIsAwaited()
    this.#watchForReturn(true)
    try {
      const call = await this.#placeCall(attempt, claim)
      call?.report()
    } catch (cause) {
      if (attempt !== this.#attempt) return
      this.#fail(cause)
    }
  }

  #fail(cause: unknown): void {
    const { code } = asApiError(cause)
    if (code === MOVED) this.#onTaken()
    else this.#close({ type: 'failed', code: isMediaFault(cause) ? 'media' : code })
  }

  /** Returns the call, unless the page has meanwhile gone on to something else. */
  async #placeCall(attempt: number, claim: Claim, signal?: AbortSignal): Promise<Call | null> {
    const takenAs = claim === 'return' ? this.#takenAs : crypto.randomUUID()
    const body = { page: takenAs, coming_back: claim === 'return' }
    const ticket = await orThrow(this.#api.POST('/sessions/default/token', { body, signal }))
    if (attempt !== this.#attempt) return null
    this.#takenAs = takenAs
    await claimTab(claim === 'press', this.#onTaken)
    if (attempt !== this.#attempt) return null
    this.#joinConversation(ticket.conversation_id)
    const { Call } = await livekit()
    const microphone = this.#microphone.track
    const call = await Call.place(
      {
        serverUrl: ticket.server_url,
        token: ticket.participant_token,
        conversationId: ticket.conversation_id,
      },
      microphone,
      this.#listenerFor(attempt),
    )
    if (attempt !== this.#attempt) {
      call.leave()
      return null
    }
    this.#call = call
    this.#sender.sendWaiting()
    await this.#changeOnTheLine(microphone, this.#microphone.track)
    return attempt === this.#attempt ? call : null
  }

  #joinConversation(conversationId: string): void {
    this.#tell({ type: 'placed', conversationId })
    this.#script.turnTo(conversationId)
    this.#remember()
  }

  #remember(): void {
    const conversationId = this.#line?.conversationId ?? null
    if (conversationId === null || this.#takenAs === null) return
    const part = this.#microphone.track === null ? 'typing' : 'speaking'
    rememberTab(conversationId, { part, takenAs: this.#takenAs })
  }

  #listenerFor(attempt: number): CallListener {
    const current = () => attempt === this.#attempt
    const ifCurrent =
      <A extends unknown[]>(handle: (...args: A) => void) =>
      (...args: A) => {
        if (current()) handle(...args)
      }
    return {
      tutorIs: ifCurrent((tutor) => this.#onTutor(tutor)),
      said: ifCurrent(this.#script.add),
      closed: ifCurrent((why) => this.#onClosed(why)),
      soundIs: ifCurrent((sound) => this.#tell({ type: 'sound_is', sound })),
      tutorTrackIs: ifCurrent((track) => this.#tutorMeter.listenTo(track)),
      loudspeakerIs: ifCurrent((loudspeaker) =>
        this.#tell({ type: 'loudspeaker_is', loudspeaker }),
      ),
      qualityIs: ifCurrent(this.#quality.is),
    }
  }

  #onTutor(tutor: TutorPresence | null): void {
    if (tutor === null) {
      if (!isWithTutor(this.#state)) return
      this.#tell({ type: 'tutor_left' })
      this.#waiting.tutorIsAwaited()
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
    this.#waiting.tutorIsHere()
    const before = this.#state
    this.#tell({ type: 'tutor_is', tutor: tutor.doing })
    const began = before.at !== 'talking' || before.tutor !== tutor.doing
    if (tutor.doing !== 'thinking') this.#waiting.tutorHasThought()
    else if (began) this.#waiting.tutorThinks()
    this.#sender.sendWaiting()
  }

  /** The tutor says that it is over; the stored conversation follows a moment later. */
  #onEnded(reason: string): void {
    const conversationId = this.#line?.conversationId ?? null
    this.#attempt += 1
    this.#close({ type: 'ended', conversationId, reason: knownReason(reason) })
    if (conversationId !== null) void this.#script.load(conversationId)
  }

  #onClosed(why: 'moved' | 'dropped'): void {
    if (why === 'moved') this.#onTaken()
    else this.#callAnew()
  }

  #callAnew(): void {
    this.#hangUp()
    this.#tell({ type: 'line_lost' })
    void this.#comeBack(++this.#attempt)
  }

  /** The learner has taken the conversation up elsewhere. */
  #onTaken = (): void => {
    this.#attempt += 1
    forgetTab()
    this.#close({ type: 'moved_away' })
  }

  #watchForReturn(watch: boolean): void {
    this.#stopWatchingForReturn?.()
    this.#stopWatchingForReturn = watch ? onReturn(() => this.#onReturn()) : null
  }

  /** The line of a page that was away may be dead without a word of it: a new one stands sooner than that is found out. */
  #onReturn(): void {
    const { at } = this.#state
    if (this.#call !== null && (at === 'calling' || at === 'talking' || at === 'reconnecting'))
      this.#callAnew()
  }

  /** Places the call again until it stands, or the conversation turns out to be over or taken up elsewhere. */
  async #comeBack(attempt: number): Promise<void> {
    const wanted = () => attempt === this.#attempt
    await untilDone(wanted, async (signal) => {
      if (await this.#closeIfEnded(signal)) return
      try {
        const call = await this.#placeCall(attempt, 'return', signal)
        if (call === null) return
        this.#tell({ type: 'line_back' })
        this.#waiting.tutorIsAwaited()
        call.report()
      } catch (cause) {
        if (asApiError(cause).code !== MOVED || !wanted()) throw cause
        this.#onTaken()
      }
    })
  }

  /** Whether the conversation is over; if so, the page shows its end. */
  async #closeIfEnded(signal?: AbortSignal): Promise<boolean> {
    const id = this.#line?.conversationId
    if (id == null) return false
    const attempt = this.#attempt
    const conversation = await this.#script.fetch(id, signal).catch((cause: unknown) => {
      if (asApiError(cause).status === 404) return null
      throw cause
    })
    if (attempt !== this.#attempt) return true
    if (conversation !== null && conversation.ended_at == null) return false
    this.#attempt += 1
    // One that was deleted meanwhile is over, and can be seen nowhere.
    const conversationId = conversation === null ? null : id
    this.#close({ type: 'ended', conversationId, reason: conversation?.end_reason ?? null })
    if (conversation !== null) this.#script.showStored(conversation)
    return true
  }

  async #setMuted(muted: boolean): Promise<void> {
    const done = this.#microphone.setMuted(muted)
    // One that the system has taken is not heard for being unmuted.
    if (this.#line !== null && this.#line.microphone !== 'none') {
      this.#tell({ type: 'microphone_is', microphone: this.#microphone.is })
    }
    await done
  }

  /** In mid-talk: for whoever typed so far, or whose microphone was lost. */
  async #openMicrophone(): Promise<void> {
    // Somebody who has meanwhile chosen to type, or has left, does not wait for it any more.
    const isAwaited = () => this.#line?.trouble === 'opening'
    if (isAwaited()) return
    this.#tell({ type: 'microphone_failed', trouble: 'opening' })
    const taken = this.#microphone.track
    if (taken !== null) {
      this.#microphone.release()
      await this.#takeOffTheLine(taken)
      if (!isAwaited()) return
    }
    try {
      await this.#microphone.setMuted(this.#pushToTalk)
      const track = await this.#microphone.open()
      if (track !== null) await this.#addMicrophone(track)
    } catch (cause) {
      if (isAwaited()) this.#tell({ type: 'microphone_failed', trouble: refusalOf(cause) })
    }
  }

  async #addMicrophone(track: LocalAudioTrack): Promise<void> {
    if (this.#line === null) {
      this.#microphone.release()
      return
    }
    this.#tell({ type: 'microphone_is', microphone: this.#microphone.is })
    this.#remember()
    // Where the line is down, the next one is placed with it.
    await this.#call?.addMicrophone(track).catch(() => undefined)
  }

  #onMicrophoneLost(why: MicrophoneTrouble, gone: LocalAudioTrack | null): void {
    this.#tell({ type: 'microphone_failed', trouble: why })
    if (gone !== null) void this.#takeOffTheLine(gone)
  }

  async #takeOffTheLine(track: LocalAudioTrack): Promise<void> {
    await this.#call?.removeMicrophone(track).catch(() => undefined)
  }

  /** What became of the microphone while the line was being made: it was opened, lost, or is another one. */
  async #changeOnTheLine(from: LocalAudioTrack | null, to: LocalAudioTrack | null): Promise<void> {
    if (from === to) return
    if (from !== null) await this.#takeOffTheLine(from)
    if (to !== null && to === this.#microphone.track) {
      await this.#call?.addMicrophone(to).catch(() => undefined)
    }
  }

  #hangUp(): void {
    this.#waiting.stop()
    this.#quality.beginAnew()
    this.#call?.leave()
    this.#call = null
    this.#tutorMeter.listenTo(null)
  }

  #close(event: TalkEvent & { type: 'ended' | 'failed' | 'moved_away' }): void {
    this.#hangUp()
    this.#watchForReturn(false)
    this.#microphone.release()
    if (event.type === 'ended') {
      forgetTab()
      this.store.show({ endedAt: new Date(), waiting: [] })
    }
    this.#tell(event)
  }

  get #state(): TalkState {
    return this.store.snapshot().state
  }

  /** The line of a talk that goes on: whoever has hung up has none. */
  get #line() {
    return this.#state.at === 'ending' ? null : lineOf(this.#state)
  }

  #tell(event: TalkEvent): void {
    this.store.tell(event)
  }
}

/** The API's word that another page has taken the conversation since. */
const MOVED = 'conversation_moved'

function isMediaFault(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'ConnectionError'
}
