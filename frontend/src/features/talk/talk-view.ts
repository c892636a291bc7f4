import type { MicrophoneRefusal, TalkState } from './talk-machine'

/** How the voice's shape behaves. */
export type Shape =
  | 'still'
  | 'waiting'
  | 'crossed'
  | 'turning'
  | 'breathing'
  | 'narrow'
  | 'rippling'
  | 'faded'
  | 'grey'
  | 'closed'

/** Which words stand under the shape; talk-screen.tsx finds them in the catalogue. */
export type Status =
  | 'start'
  | 'resume'
  | 'elsewhere'
  | 'moved'
  | 'asking'
  | MicrophoneRefusal
  | 'calling'
  | 'late'
  | 'very_late'
  | 'listening'
  | 'typed_only'
  | 'muted'
  | 'thinking'
  | 'speaking'
  | 'reconnecting'
  | 'unavailable'
  | 'ending'
  | 'ended'
  | 'failed'
  | 'quiet'

export interface TalkView {
  shape: Shape
  status: Status
  /** The one thing to press in the shape, or below it. */
  offer: 'talk' | 'resume' | 'move' | 'call_again' | 'microphone_again' | 'talk_again' | null
  connection: 'up' | 'waiting' | 'lost' | 'off'
  /** Mute, type and end are in reach. */
  controls: boolean
}

export function viewOf(state: TalkState): TalkView {
  switch (state.at) {
    case 'door':
      if (state.open === null) return idle('still', 'start', 'talk')
      return state.open.elsewhere
        ? idle('still', 'elsewhere', 'move')
        : idle('still', 'resume', 'resume')
    case 'asking':
      return idle('waiting', 'asking', null)
    case 'refused':
      return idle('crossed', state.cause, 'microphone_again')
    case 'moved':
      return idle('still', 'moved', 'move')
    case 'ended':
      return idle('closed', 'ended', 'talk_again')
    case 'failed':
      return idle('crossed', 'failed', 'call_again')
    case 'ending':
      return { ...idle('closed', 'ending', null), connection: 'up' }
    case 'reconnecting':
      return line('faded', 'reconnecting', 'lost')
    case 'calling':
      if (state.line.voice === 'unavailable') return line('grey', 'unavailable', 'up')
      return {
        ...line('turning', state.wait === 'short' ? 'calling' : state.wait, 'waiting'),
        offer: state.wait === 'very_late' ? 'call_again' : null,
      }
    case 'talking':
      return talking(state)
  }
}

function talking({ line: { microphone, voice }, tutor }: TalkState & { at: 'talking' }): TalkView {
  if (voice === 'unavailable') return line('grey', 'unavailable', 'up')
  switch (tutor) {
    case 'speaking':
      return line('rippling', 'speaking', 'up')
    case 'thinking':
      return line('narrow', 'quiet', 'up')
    case 'pondering':
      return line('narrow', 'thinking', 'up')
    case 'listening': {
      const heard = { live: 'listening', muted: 'muted', none: 'typed_only' } as const
      return line('breathing', heard[microphone], 'up')
    }
  }
}

function idle(shape: Shape, status: Status, offer: TalkView['offer']): TalkView {
  return { shape, status, offer, connection: 'off', controls: false }
}

function line(shape: Shape, status: Status, connection: TalkView['connection']): TalkView {
  return { shape, status, offer: null, connection, controls: true }
}
