import {
  ConnectionQuality,
  DisconnectReason,
  Room,
  RoomEvent,
  Track,
  type LocalAudioTrack,
  type RemoteParticipant,
  type RemoteTrack,
} from 'livekit-client'
import { followChosenOutput } from '@/lib/devices/output'
import { HeldWords } from './held-words'
import { PlayoutDelay } from './playout-delay'
import { readWords, type Words } from './words'

/** What the tutor lets be known about itself in the room. */
export interface TutorPresence {
  doing: 'listening' | 'thinking' | 'speaking' | null
  voice: 'ok' | 'unavailable'
  /** Why the conversation is over, once it is. */
  ended: string | null
}

/** What can happen on a line, in the app's own words. */
export interface CallListener {
  tutorIs: (tutor: TutorPresence | null) => void
  said: (words: Words) => void
  /** The line is gone: a page that still wants to talk places a new call. */
  closed: (why: 'moved' | 'dropped') => void
  soundIs: (sound: 'free' | 'blocked') => void
  tutorTrackIs: (track: MediaStreamTrack | null) => void
  /** Whether the tutor is heard where the learner chose, or where the system plays what has no other place. */
  loudspeakerIs: (loudspeaker: 'chosen' | 'system') => void
  /** How well sound gets through, as LiveKit measures it every few seconds. */
  qualityIs: (quality: 'good' | 'poor') => void
}

export interface Ticket {
  serverUrl: string
  token: string
  conversationId: string
}

const STATES = ['listening', 'thinking', 'speaking'] as const
const CHAT = 'lk.chat'

/** One stay in the room. */
export class Call {
  readonly #room: Room
  readonly #conversationId: string
  readonly #listener: CallListener
  /** Before the room is joined, a failure is the promise's to tell; after it was left, nobody's. */
  #inside = false
  /** What plays each remote track, by the track's id. */
  readonly #players = new Map<string, { element: HTMLMediaElement; unfollow: () => void }>()

  readonly #delay = new PlayoutDelay()
  /** The tutor's words, each with its sound. */
  readonly #words: HeldWords

  private constructor(room: Room, conversationId: string, listener: CallListener) {
    this.#room = room
    this.#conversationId = conversationId
    this.#listener = listener
    this.#words = new HeldWords(listener.said, this.#delay.holdMs)
  }

  /**
   * Joins the room; with a microphone, what it hears is sent at once unless it is muted.
   * Whoever has taken the call asks for a `report` of what there was to see on the way.
   */
  static async place(
    ticket: Ticket,
    microphone: LocalAudioTrack | null,
    listener: CallListener,
  ): Promise<Call> {
    const room = new Room({
      disconnectOnPageLeave: true,
      // LiveKit waits two seconds before it trusts a line that it has mended; a new one stands in half of one.
      reconnectPolicy: { nextRetryDelayInMs: () => null },
      // The microphone outlives a lost line: the next call sends the same track.
      stopLocalTrackOnUnpublish: false,
    })
    const call = new Call(room, ticket.conversationId, listener)
    call.#listen()
    readWords(room, call.#words.take)
    try {
      await room.connect(ticket.serverUrl, ticket.token)
      call.#inside = true
      if (microphone !== null) await call.addMicrophone(microphone)
    } catch (cause) {
      call.leave()
      throw cause
    }
    return call
  }

  /** Tells how things stand. */
  report(): void {
    this.#reportTutor()
    this.#listener.soundIs(this.#room.canPlaybackAudio ? 'free' : 'blocked')
  }

  async addMicrophone(microphone: LocalAudioTrack): Promise<void> {
    await this.#room.localParticipant.publishTrack(microphone, { source: Track.Source.Microphone })
  }

  async removeMicrophone(microphone: LocalAudioTrack): Promise<void> {
    await this.#room.localParticipant.unpublishTrack(microphone, false)
  }

  /** Sends typed words. The same `id` again is the same message: who has it already drops it. */
  async sendText(id: string, text: string): Promise<void> {
    const stream = await this.#room.localParticipant.streamText({ topic: CHAT, streamId: id })
    await stream.write(text)
    await stream.close()
  }

  /** Must be called from a press: browsers let a page make sound only then. */
  async allowSound(): Promise<void> {
    await this.#room.startAudio()
  }

  /** Lets nothing more be heard of the tutor, before the room is left. */
  hush(): void {
    for (const { element } of this.#players.values()) element.muted = true
  }

  leave(): void {
    this.#inside = false
    this.#delay.follow(null)
    this.#words.flush()
    void this.#room.disconnect(false)
    for (const sid of this.#players.keys()) this.#removePlayer(sid)
  }

  #listen(): void {
    const tutorChanged = () => this.#reportTutor()
    this.#room
      .on(RoomEvent.ParticipantConnected, tutorChanged)
      .on(RoomEvent.ParticipantDisconnected, tutorChanged)
      .on(RoomEvent.ParticipantAttributesChanged, tutorChanged)
      .on(RoomEvent.AudioPlaybackStatusChanged, () => {
        this.#listener.soundIs(this.#room.canPlaybackAudio ? 'free' : 'blocked')
      })
      .on(RoomEvent.TrackSubscribed, (track) => this.#play(track))
      .on(RoomEvent.TrackUnsubscribed, (track) => this.#silence(track))
      .on(RoomEvent.ConnectionQualityChanged, (quality, participant) => {
        if (participant.isLocal) this.#listener.qualityIs(isPoor(quality) ? 'poor' : 'good')
      })
      .on(RoomEvent.Disconnected, (reason) => {
        if (!this.#inside) return
        this.#inside = false
        this.#delay.follow(null)
        this.#words.flush()
        const moved = reason === DisconnectReason.DUPLICATE_IDENTITY
        this.#listener.closed(moved ? 'moved' : 'dropped')
      })
  }

  #reportTutor(): void {
    if (!this.#inside) return
    const tutor = [...this.#room.remoteParticipants.values()].find((participant) => {
      // The tutor of the conversation before may still be on its way out.
      const serves = participant.attributes['avaaz.conversation'] ?? this.#conversationId
      return isTutor(participant) && serves === this.#conversationId
    })
    this.#listener.tutorIs(tutor === undefined ? null : presenceOf(tutor))
  }

  #play(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return
    const element = track.attach()
    element.dataset.voice = 'tutor'
    document.body.append(element)
    this.#players.set(track.sid ?? '', {
      element,
      unfollow: followChosenOutput(element, this.#listener.loudspeakerIs),
    })
    this.#delay.follow(track)
    this.#listener.tutorTrackIs(track.mediaStreamTrack)
  }

  #silence(track: RemoteTrack): void {
    // By our own book: after a lost line the track may have been taken off its player already.
    track.detach()
    this.#removePlayer(track.sid ?? '')
    if (this.#players.size > 0) return
    this.#delay.follow(null)
    this.#listener.tutorTrackIs(null)
  }

  #removePlayer(sid: string): void {
    const player = this.#players.get(sid)
    player?.unfollow()
    player?.element.remove()
    this.#players.delete(sid)
  }
}

function isTutor(participant: RemoteParticipant): boolean {
  return participant.isAgent && participant.attributes['lk.publish_on_behalf'] === undefined
}

function isPoor(quality: ConnectionQuality): boolean {
  return quality === ConnectionQuality.Poor || quality === ConnectionQuality.Lost
}

function presenceOf(tutor: RemoteParticipant): TutorPresence {
  const state = tutor.attributes['lk.agent.state']
  return {
    doing: STATES.find((known) => known === state) ?? null,
    voice: tutor.attributes['avaaz.voice'] === 'unavailable' ? 'unavailable' : 'ok',
    ended: tutor.attributes['avaaz.ended'] ?? null,
  }
}
