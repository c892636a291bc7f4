import type { EndReason } from '@/lib/api/models'
import type { Refusal } from '@/lib/devices/refusal'

/**
 * Where a talk stands, as one pure function: what has happened goes in, what is shown follows from
 * what comes out (talk-view.ts). No LiveKit, no React, no clock: the time that passes is an event.
 */
export type TalkState =
  /** Before a talk: nothing is open, or a conversation waits to be taken up. */
  | { at: 'door'; open: OpenConversation | null }
  | { at: 'asking' }
  | { at: 'refused'; cause: Refusal }
  /** The line is being made, or it stands and the tutor is not there yet. */
  | { at: 'calling'; line: Line; wait: Wait }
  | { at: 'talking'; line: Line; tutor: TutorState }
  | { at: 'reconnecting'; line: Line }
  /** Taken up elsewhere. This page never rejoins by itself. */
  | { at: 'moved'; conversationId: string | null }
  | { at: 'ending'; line: Line }
  | { at: 'ended'; conversationId: string | null; reason: EndReason | null }
  | { at: 'failed'; code: string }

interface OpenConversation {
  conversationId: string
  elsewhere: boolean
}

/**
 * Why a microphone that was there is not heard any more: it was pulled out, the permission was taken back, it ended for a
 * reason that nobody tells, or the system has given it to another program for now.
 */
export type MicrophoneLoss = 'unplugged' | 'withdrawn' | 'stopped' | 'taken'
/** What keeps the microphone from being heard in mid-talk; `opening` is the question whether we may. */
export type MicrophoneTrouble = 'opening' | Refusal | MicrophoneLoss
export type Microphone = 'live' | 'muted' | 'none'
type Wait = 'short' | 'late' | 'very_late'
/** `pondering` is thinking that has lasted long enough to be worth a word. */
type TutorState = 'listening' | 'thinking' | 'pondering' | 'speaking'

export interface Line {
  conversationId: string | null
  microphone: Microphone
  trouble: MicrophoneTrouble | null
  /** The microphone is open only while the learner holds a key or the button. */
  pushToTalk: boolean
  voice: 'ok' | 'unavailable'
  sound: 'free' | 'blocked'
  /** Where the tutor is heard: the chosen loudspeaker may be gone. */
  loudspeaker: 'chosen' | 'system'
  quality: 'good' | 'poor'
}

export type TalkEvent =
  | { type: 'found'; open: OpenConversation | null }
  | { type: 'pressed_talk' }
  | { type: 'microphone_refused'; cause: Refusal }
  | { type: 'calling'; microphone: Microphone; pushToTalk: boolean }
  | { type: 'placed'; conversationId: string }
  | { type: 'wait_grew'; wait: 'late' | 'very_late' }
  | { type: 'tutor_is'; tutor: 'listening' | 'thinking' | 'speaking' }
  | { type: 'tutor_pondered' }
  | { type: 'tutor_left' }
  | { type: 'voice_is'; voice: Line['voice'] }
  | { type: 'sound_is'; sound: Line['sound'] }
  | { type: 'loudspeaker_is'; loudspeaker: Line['loudspeaker'] }
  | { type: 'quality_is'; quality: Line['quality'] }
  | { type: 'push_to_talk_is'; on: boolean }
  | { type: 'microphone_is'; microphone: Microphone }
  | { type: 'microphone_failed'; trouble: MicrophoneTrouble }
  | { type: 'chose_typing' }
  | { type: 'line_lost' }
  | { type: 'line_back' }
  | { type: 'moved_away' }
  | { type: 'pressed_end' }
  | { type: 'ended'; conversationId: string | null; reason: EndReason | null }
  | { type: 'failed'; code: string }

export const atTheDoor: TalkState = { at: 'door', open: null }

export function talkReducer(state: TalkState, event: TalkEvent): TalkState {
  switch (event.type) {
    case 'found':
      return state.at === 'door' ? { at: 'door', open: event.open } : state
    case 'pressed_talk':
      return lineOf(state) === null ? { at: 'asking' } : state
    case 'microphone_refused':
      return state.at === 'asking' ? { at: 'refused', cause: event.cause } : state
    case 'calling':
      return { at: 'calling', line: newLine(event.microphone, event.pushToTalk), wait: 'short' }
    case 'wait_grew':
      return state.at === 'calling' ? { ...state, wait: event.wait } : state
    case 'tutor_is':
      return state.at === 'calling' || state.at === 'talking'
        ? { at: 'talking', line: state.line, tutor: tutorAfter(state, event.tutor) }
        : state
    case 'tutor_pondered':
      return state.at === 'talking' && state.tutor === 'thinking'
        ? { ...state, tutor: 'pondering' }
        : state
    case 'tutor_left':
      // Whether the next one will have a voice is not known yet.
      return isWithTutor(state)
        ? { at: 'calling', line: { ...state.line, voice: 'ok' }, wait: 'short' }
        : state
    case 'line_lost':
      return state.at === 'calling' || state.at === 'talking'
        ? { at: 'reconnecting', line: state.line }
        : state
    case 'line_back':
      return state.at === 'reconnecting'
        ? { at: 'calling', line: state.line, wait: 'short' }
        : state
    case 'moved_away': {
      const wanted = state.at === 'asking' || (lineOf(state) !== null && state.at !== 'ending')
      return wanted ? { at: 'moved', conversationId: lineOf(state)?.conversationId ?? null } : state
    }
    case 'pressed_end': {
      const line = lineOf(state)
      return line === null ? state : { at: 'ending', line }
    }
    case 'ended':
      return { at: 'ended', conversationId: event.conversationId, reason: event.reason }
    case 'failed':
      return { at: 'failed', code: event.code }
    default:
      return 'line' in state ? { ...state, line: lineAfter(state.line, event) } : state
  }
}

type LineEvent = Extract<
  TalkEvent,
  {
    type:
      | 'placed'
      | 'voice_is'
      | 'sound_is'
      | 'loudspeaker_is'
      | 'quality_is'
      | 'push_to_talk_is'
      | 'microphone_is'
      | 'microphone_failed'
      | 'chose_typing'
  }
>

/** What changes on the line, whatever the talk is at. */
function lineAfter(line: Line, event: LineEvent): Line {
  switch (event.type) {
    case 'placed':
      return { ...line, conversationId: event.conversationId }
    case 'voice_is':
      return { ...line, voice: event.voice }
    case 'sound_is':
      return { ...line, sound: event.sound }
    case 'loudspeaker_is':
      return { ...line, loudspeaker: event.loudspeaker }
    case 'quality_is':
      return { ...line, quality: event.quality }
    case 'push_to_talk_is':
      return { ...line, pushToTalk: event.on }
    case 'microphone_is':
      return { ...line, microphone: event.microphone, trouble: null }
    case 'microphone_failed':
      return { ...line, microphone: 'none', trouble: event.trouble }
    case 'chose_typing':
      return { ...line, trouble: null }
  }
}

/** The line of a talk under way, or null when there is none. */
export function lineOf(state: TalkState): Line | null {
  return 'line' in state ? state.line : null
}

/** Whether a tutor is there. One without a voice says so before it says what it does. */
export function isWithTutor(state: TalkState): state is TalkState & { at: 'talking' | 'calling' } {
  return state.at === 'talking' || (state.at === 'calling' && state.line.voice === 'unavailable')
}

function newLine(microphone: Microphone, pushToTalk: boolean): Line {
  return {
    conversationId: null,
    microphone,
    trouble: null,
    pushToTalk,
    voice: 'ok',
    sound: 'free',
    loudspeaker: 'chosen',
    quality: 'good',
  }
}

function tutorAfter(state: TalkState, tutor: 'listening' | 'thinking' | 'speaking'): TutorState {
  // Told twice that it thinks, it has not begun anew.
  const ponders = state.at === 'talking' && state.tutor === 'pondering'
  return tutor === 'thinking' && ponders ? 'pondering' : tutor
}
