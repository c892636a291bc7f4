import { LoudnessMeter, type Loudness } from '@/lib/audio-level'
import { deviceInUse } from '@/lib/devices/choice'
import {
  inputWish,
  listDevices,
  onDevicesChanged,
  onPermission,
  openInput,
} from '@/lib/devices/input'
import { refusalOf } from '@/lib/devices/refusal'
import { deviceChoice, onDeviceChoice } from '@/lib/devices/remembered'
import { checkReducer, closedCheck, type CheckEvent, type CheckState } from './check-machine'
import { HearingJudge, type Hearing } from './hearing'
import { isSilent, play, record, type Recording } from './tape'

/** Everything that the check shows, as one value that changes as a whole. */
export interface CheckSnapshot {
  state: CheckState
  hearing: Hearing
  /** What the browser says that it does to the sound: it may differ from what was asked. */
  settings: MediaTrackSettings | null
}

const LONGEST_RECORDING_MS = 6_000
const JUDGE_EVERY_MS = 250
const AT_REST: CheckSnapshot = { state: closedCheck, hearing: 'listening', settings: null }

/** Carries out the check: opens the microphone, listens, records and plays; lets go of it all on leaving. */
export class CheckController {
  readonly #listeners = new Set<() => void>()
  readonly #meter = new LoudnessMeter()
  #snapshot = AT_REST
  #track: MediaStreamTrack | null = null
  /** What it was opened with. */
  #wish = ''
  #recording: Recording | null = null
  /** Ends what is being recorded or played. */
  #tape = new AbortController()
  #judging: ReturnType<typeof setInterval> | undefined
  /** Grows with each opening and each leaving: what an older one brings back is let go. */
  #attempt = 0
  #ends: (() => void)[] = []

  snapshot = (): CheckSnapshot => this.#snapshot

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  loudness = (): Loudness => this.#meter.read()

  enter(): void {
    const hidden = () => {
      // Nobody watches a page in the background; a microphone that is on there would alarm.
      if (document.visibilityState === 'hidden' && this.#track !== null) this.close()
    }
    document.addEventListener('visibilitychange', hidden)
    this.#ends = [
      onDeviceChoice(() => void this.#takeUpChoice()),
      onDevicesChanged(() => void this.#onDevicesChanged()),
      onPermission(() => void this.#onPermission()),
      () => document.removeEventListener('visibilitychange', hidden),
    ]
  }

  leave(): void {
    this.close()
    this.#meter.close()
    for (const end of this.#ends) end()
    this.#ends = []
  }

  /** The press that asks for the microphone. */
  open = async (): Promise<void> => {
    this.#tell({ type: 'pressed_try' })
    await this.#open()
  }

  close = (): void => {
    this.#attempt += 1
    this.#letGo()
    this.#tell({ type: 'left' })
  }

  record = async (): Promise<void> => {
    if (this.#track === null) return
    const attempt = this.#attempt
    this.#tape = new AbortController()
    this.#tell({ type: 'pressed_record' })
    this.#recording = await record(this.#track, LONGEST_RECORDING_MS, this.#tape.signal).catch(
      () => null,
    )
    if (attempt !== this.#attempt) return
    const silent = this.#recording === null || isSilent(this.#recording)
    this.#tell({ type: 'recorded', silent })
    if (!silent) await this.#play(attempt)
  }

  /** Ends the recording, or the playing, before its time. */
  stop = (): void => {
    this.#tape.abort()
  }

  playAgain = async (): Promise<void> => {
    this.#tell({ type: 'pressed_play' })
    await this.#play(this.#attempt)
  }

  async #play(attempt: number): Promise<void> {
    if (this.#recording === null || this.#track === null) return
    this.#tape = new AbortController()
    // What comes out of the loudspeaker is not what the learner says.
    this.#track.enabled = false
    await play(this.#recording, this.#tape.signal).catch(() => undefined)
    if (attempt !== this.#attempt) return
    this.#track.enabled = true
    this.#listen(this.#track)
    this.#tell({ type: 'played' })
  }

  async #open(): Promise<void> {
    const attempt = ++this.#attempt
    // First let go of the one before: some browsers give a microphone to one at a time.
    this.#letGo()
    try {
      this.#wish = JSON.stringify(await inputWish())
      const track = await openInput()
      if (attempt !== this.#attempt) {
        track.stop()
        return
      }
      this.#track = track
      track.addEventListener('ended', () => {
        // Unplugged: the system may have another one.
        if (track === this.#track) void this.#open()
      })
      this.#listen(track)
      this.#tell({ type: 'opened' })
    } catch (cause) {
      if (attempt === this.#attempt) this.#tell({ type: 'refused', cause: refusalOf(cause) })
    }
  }

  #listen(track: MediaStreamTrack): void {
    this.#meter.listenTo(track)
    const judge = new HearingJudge(performance.now())
    this.#show({ hearing: 'listening', settings: track.getSettings() })
    clearInterval(this.#judging)
    this.#judging = setInterval(() => {
      const hearing = judge.judge(this.#meter.read().level, performance.now())
      if (hearing !== this.#snapshot.hearing) this.#show({ hearing })
    }, JUDGE_EVERY_MS)
  }

  #letGo(): void {
    clearInterval(this.#judging)
    this.stop()
    this.#recording = null
    this.#meter.listenTo(null)
    this.#track?.stop()
    this.#track = null
  }

  /** Opens anew what sounds otherwise than it should: browsers apply most switches to nothing else. */
  async #takeUpChoice(): Promise<void> {
    const attempt = this.#attempt
    const wish = await inputWish()
    if (this.#track === null || attempt !== this.#attempt) return
    if (JSON.stringify(wish) !== this.#wish) await this.#open()
  }

  async #onDevicesChanged(): Promise<void> {
    const { state } = this.#snapshot
    // Something was plugged in where there was nothing.
    if (state.at === 'refused' && state.cause === 'absent') await this.#open()
    const wanted = deviceInUse(deviceChoice().input, await listDevices('audioinput'))
    const used = this.#track?.getSettings().deviceId
    // The wanted one is back, or there after all.
    if (wanted !== null && used !== undefined && wanted.id !== used) await this.#open()
  }

  async #onPermission(): Promise<void> {
    const { state } = this.#snapshot
    if (state.at === 'refused' && state.cause === 'denied') await this.#open()
  }

  #tell(event: CheckEvent): void {
    this.#show({ state: checkReducer(this.#snapshot.state, event) })
  }

  #show(change: Partial<CheckSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change }
    for (const listener of this.#listeners) listener()
  }
}
