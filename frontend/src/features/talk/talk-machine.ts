import type { EndReason } from '@/lib/api/models'

/**
 * Where a talk stands, as one pure function: what has happened goes in, what is shown follows from
 * what comes out (talk-view.ts). No LiveKit, no React, no clock: the time that passes is an event.
 */
export type TalkState =
  /** Before a talk: nothing is open, or a conversation waits to be taken up. */
  | { at: 'door'; open: OpenConversation | null }
  | { at: 'asking' }
  | { at: 'refused'; cause: MicrophoneRefusal }
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

export type MicrophoneRefusal = 'denied' | 'absent' | 'busy'
export type Microphone = 'live' | 'muted' | 'none'
type Wait = 'short' | 'late' | 'very_late'
/** `pondering` is thinking that has lasted long enough to be worth a word. */
type TutorState = 'listening' | 'thinking' | 'pondering' | 'speaking'

export interface Line {
  conversationId: string | null
  microphone: Microphone
  voice: 'ok' | 'unavailable'
  sound: 'free' | 'blocked'
}

export type TalkEvent =
  | { type: 'found'; open: OpenConversation | null }
  | { type: 'pressed_talk' }
  | { type: 'microphone_refused'; cause: MicrophoneRefusal }
  | { type: 'calling'; microphone: Microphone }
  | { type: 'placed'; conversationId: string }
  | { type: 'wait_grew'; wait: 'late' | 'very_late' }
  | { type: 'tutor_is'; tutor: 'listening' | 'thinking' | 'speaking' }
  | { type: 'tutor_pondered' }
  | { type: 'tutor_left' }
  | { type: 'voice_is'; voice: 'ok' | 'unavailable' }
  | { type: 'sound_is'; sound: 'free' | 'blocked' }
  | { type: 'microphone_is'; microphone: Microphone }
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
      return { at: 'calling', line: newLine(event.microphone), wait: 'short' }
    case 'placed':
      return withLine(state, { conversationId: event.conversationId })
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
      return state.at === 'talking' ? { at: 'calling', line: state.line, wait: 'short' } : state
    case 'voice_is':
      return withLine(state, { voice: event.voice })
    case 'sound_is':
      return withLine(state, { sound: event.sound })
    case 'microphone_is':
      return withLine(state, { microphone: event.microphone })
    case 'line_lost':
      return state.at === 'calling' || state.at === 'talking'
        ? { at: 'reconnecting', line: state.line }
        : state
    case 'line_back':
      return state.at === 'reconnecting'
        ? { at: 'calling', line: state.line, wait: 'short' }
        : state
    case 'moved_away': {
      const line = lineOf(state)
      return line === null || state.at === 'ending'
        ? state
        : { at: 'moved', conversationId: line.conversationId }
    }
    case 'pressed_end': {
      const line = lineOf(state)
      return line === null ? state : { at: 'ending', line }
    }
    case 'ended':
      return { at: 'ended', conversationId: event.conversationId, reason: event.reason }
    case 'failed':
      return { at: 'failed', code: event.code }
  }
}

/** The line of a talk under way, or null when there is none. */
export function lineOf(state: TalkState): Line | null {
  return 'line' in state ? state.line : null
}

function newLine(microphone: Microphone): Line {
  return { conversationId: null, microphone, voice: 'ok', sound: 'free' }
}

function withLine(state: TalkState, change: Partial<Line>): TalkState {
  return 'line' in state ? { ...state, line: { ...state.line, ...change } } : state
}

function tutorAfter(state: TalkState, tutor: 'listening' | 'thinking' | 'speaking'): TutorState {
  // Told twice that it thinks, it has not begun anew.
  const ponders = state.at === 'talking' && state.tutor === 'pondering'
  return tutor === 'thinking' && ponders ? 'pondering' : tutor
}
