import type { Line, MicrophoneTrouble, TalkState } from './talk-machine'

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

/** Which words stand under the shape; talk-words.ts finds them in the catalogue. */
export type Status =
  | 'start'
  | 'resume'
  | 'elsewhere'
  | 'moved'
  | 'asking'
  | Exclude<MicrophoneTrouble, 'opening'>
  | 'calling'
  | 'late'
  | 'very_late'
  | 'listening'
  | 'typed_only'
  | 'muted'
  | 'hold_to_speak'
  | 'holding'
  | 'thinking'
  | 'speaking'
  | 'reconnecting'
  | 'unavailable'
  | 'ending'
  | 'ended'
  | 'failed'
  | 'quiet'

/** What is worth a second line, whatever the tutor does: the gravest of what there is. */
export type Note = Exclude<MicrophoneTrouble, 'opening'> | 'system_loudspeaker' | 'poor_line'

export interface TalkView {
  shape: Shape
  status: Status
  note: Note | null
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
      return onTheLine('faded', 'reconnecting', 'lost')
    case 'calling':
      return withAsides(calling(state), state.line)
    case 'talking':
      return withAsides(onTheLine(...whatHappens(state), 'up'), state.line)
  }
}

function calling({ line, wait }: TalkState & { at: 'calling' }): TalkView {
  if (line.voice === 'unavailable') return onTheLine('grey', 'unavailable', 'up')
  return {
    ...onTheLine('turning', wait === 'short' ? 'calling' : wait, 'waiting'),
    offer: wait === 'very_late' ? 'call_again' : null,
  }
}

function whatHappens({ line, tutor }: TalkState & { at: 'talking' }): [Shape, Status] {
  if (line.trouble === 'opening') return ['waiting', 'asking']
  // Whoever holds the key sees at once that it was taken, before the tutor has noticed.
  if (line.pushToTalk && line.microphone === 'live') return ['breathing', 'holding']
  if (line.voice === 'unavailable') return ['grey', 'unavailable']
  switch (tutor) {
    case 'speaking':
      return ['rippling', 'speaking']
    case 'thinking':
      return ['narrow', 'quiet']
    case 'pondering':
      return ['narrow', 'thinking']
    case 'listening':
      return line.trouble === null ? ['breathing', heard(line)] : ['crossed', line.trouble]
  }
}

function heard({ microphone, pushToTalk }: Line): Status {
  if (microphone === 'muted' && pushToTalk) return 'hold_to_speak'
  return ({ live: 'listening', muted: 'muted', none: 'typed_only' } as const)[microphone]
}

function withAsides(view: TalkView, { trouble, loudspeaker, quality }: Line): TalkView {
  const failed = trouble === 'opening' ? null : trouble
  if (failed !== null && failed === view.status) return { ...view, offer: 'microphone_again' }
  const rest =
    loudspeaker === 'system' ? 'system_loudspeaker' : quality === 'poor' ? 'poor_line' : null
  return { ...view, note: failed ?? rest }
}

function idle(shape: Shape, status: Status, offer: TalkView['offer']): TalkView {
  return { shape, status, note: null, offer, connection: 'off', controls: false }
}

function onTheLine(shape: Shape, status: Status, connection: TalkView['connection']): TalkView {
  return { shape, status, note: null, offer: null, connection, controls: true }
}
