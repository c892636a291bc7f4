import type { Refusal } from '@/lib/devices/refusal'

/** What became of the words that the learner says to hear them back. */
export type Tape = 'empty' | 'recording' | 'silent' | 'playing' | 'kept'

/** Where somebody is who tries their microphone. */
export type CheckState =
  | { at: 'closed' }
  | { at: 'asking' }
  | { at: 'refused'; cause: Refusal }
  | { at: 'open'; tape: Tape }

export type CheckEvent =
  | { type: 'pressed_try' }
  | { type: 'opened' }
  | { type: 'refused'; cause: Refusal }
  | { type: 'pressed_record' }
  | { type: 'recorded'; silent: boolean }
  | { type: 'pressed_play' }
  | { type: 'played' }
  | { type: 'left' }

export const closedCheck: CheckState = { at: 'closed' }

export function checkReducer(state: CheckState, event: CheckEvent): CheckState {
  switch (event.type) {
    case 'pressed_try':
      return state.at === 'open' ? state : { at: 'asking' }
    case 'opened':
      // Another microphone, or the same one switched: what was said into it before is over.
      return state.at === 'closed' ? state : { at: 'open', tape: 'empty' }
    case 'refused':
      return state.at === 'closed' ? state : { at: 'refused', cause: event.cause }
    case 'pressed_record':
      return withTape(state, ['empty', 'silent', 'kept'], 'recording')
    case 'recorded':
      return withTape(state, ['recording'], event.silent ? 'silent' : 'playing')
    case 'pressed_play':
      return withTape(state, ['kept'], 'playing')
    case 'played':
      return withTape(state, ['playing'], 'kept')
    case 'left':
      return closedCheck
  }
}

function withTape(state: CheckState, from: readonly Tape[], to: Tape): CheckState {
  return state.at === 'open' && from.includes(state.tape) ? { at: 'open', tape: to } : state
}
