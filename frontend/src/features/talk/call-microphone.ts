import type { LocalAudioTrack } from 'livekit-client'
import { LoudnessMeter } from '@/lib/audio-level'
import { livekit } from '@/lib/livekit/load'
import { awaitReturn, watchMicrophone } from './microphone-loss'
import type { Microphone, MicrophoneLoss } from './talk-machine'

export interface MicrophoneListener {
  /** It is not heard any more. What was sent of it is to be taken off the line, unless it comes back by itself. */
  lost: (why: MicrophoneLoss, gone: LocalAudioTrack | null) => void
  /** It is there again, without a press: plugged in, allowed, or given back. */
  back: (track: LocalAudioTrack) => void
}

/** The learner's microphone in a talk: opened, muted, lost and found again. It outlives a lost line. */
export class CallMicrophone {
  readonly meter = new LoudnessMeter()
  readonly #listener: MicrophoneListener
  #track: LocalAudioTrack | null = null
  #muted = false
  #stopWatching: () => void = () => undefined
  /** Grows with each microphone opened or let go: what was asked for before is dropped. */
  #round = 0

  constructor(listener: MicrophoneListener) {
    this.#listener = listener
  }

  get track(): LocalAudioTrack | null {
    return this.#track
  }

  get is(): Microphone {
    if (this.#track === null) return 'none'
    return this.#muted ? 'muted' : 'live'
  }

  /** Opens it, unless it is open; null where it was let go, or asked for anew, meanwhile. Throws the browser's own error. */
  async open(): Promise<LocalAudioTrack | null> {
    if (this.#track !== null) return this.#track
    const round = ++this.#round
    const { openMicrophone, followTrack } = await livekit()
    const track = await openMicrophone().catch((cause: unknown) => {
      if (round === this.#round) throw cause
      return null
    })
    // Before anybody can be heard by it.
    if (this.#muted) await track?.mute()
    if (track === null || round !== this.#round) {
      track?.stop()
      return null
    }
    this.#stopWatching()
    this.#track = track
    this.meter.listenTo(track.mediaStreamTrack)
    this.#stopWatching = watchMicrophone(
      track,
      followTrack,
      (why) => this.#lose(why),
      () => this.#listener.back(track),
    )
    return track
  }

  async setMuted(muted: boolean): Promise<void> {
    this.#muted = muted
    await (muted ? this.#track?.mute() : this.#track?.unmute())
  }

  /** Takes another microphone from now on; where that fails, throws the browser's own error, and none is open. */
  async choose(id: string): Promise<void> {
    const track = this.#track
    if (track === null) return
    const { switchMicrophone } = await livekit()
    try {
      await switchMicrophone(track, id)
    } catch (cause) {
      if (track !== this.#track) return
      // The one before was closed for it.
      this.release()
      throw cause
    }
    if (track === this.#track) this.meter.listenTo(track.mediaStreamTrack)
    // Let go meanwhile, it must not stay on.
    else track.stop()
  }

  release(): void {
    this.#round += 1
    this.#stopWatching()
    this.#stopWatching = () => undefined
    this.#track?.stop()
    this.#track = null
    this.meter.listenTo(null)
  }

  close(): void {
    this.release()
    this.meter.close()
  }

  #lose(why: MicrophoneLoss): void {
    const track = this.#track
    if (track === null) return
    if (why === 'taken') {
      this.#listener.lost(why, null)
      return
    }
    const { label } = track.mediaStreamTrack
    const { deviceId, groupId } = track.mediaStreamTrack.getSettings()
    this.release()
    this.#stopWatching = awaitReturn(why, { deviceId, groupId, label }, () => {
      void this.#takeAgain()
    })
    this.#listener.lost(why, track)
  }

  /** Plugging it in again, or allowing it again, is the learner's word that it is wanted. */
  async #takeAgain(): Promise<void> {
    if (this.#track !== null) return
    try {
      const track = await this.open()
      if (track !== null) this.#listener.back(track)
    } catch {
      // Not yet; the page goes on offering to try it.
    }
  }
}
