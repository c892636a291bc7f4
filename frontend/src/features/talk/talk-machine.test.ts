import { describe, expect, it } from 'vitest'
import { atTheDoor, talkReducer, type TalkEvent, type TalkState } from './talk-machine'
import { viewOf } from './talk-view'

const after = (...events: TalkEvent[]): TalkState => events.reduce(talkReducer, atTheDoor)

const calling: TalkEvent[] = [
  { type: 'pressed_talk' },
  { type: 'calling', microphone: 'live', pushToTalk: false },
  { type: 'placed', conversationId: 'c1' },
]
const listening: TalkEvent[] = [...calling, { type: 'tutor_is', tutor: 'listening' }]

describe('before the first talk', () => {
  it('shows a still ring with the button inside', () => {
    expect(viewOf(atTheDoor)).toMatchObject({ shape: 'still', status: 'start', offer: 'talk' })
  })

  it('asks for the microphone only after the press', () => {
    expect(atTheDoor.at).toBe('door')
    expect(viewOf(after({ type: 'pressed_talk' }))).toMatchObject({
      shape: 'waiting',
      status: 'asking',
    })
  })

  it('offers to go on with a conversation that is still open', () => {
    const open = { conversationId: 'c1', elsewhere: false }
    expect(viewOf(after({ type: 'found', open }))).toMatchObject({
      status: 'resume',
      offer: 'resume',
    })
  })

  it('says that a conversation is open elsewhere and offers to move it here', () => {
    const open = { conversationId: 'c1', elsewhere: true }
    expect(viewOf(after({ type: 'found', open }))).toMatchObject({
      status: 'elsewhere',
      offer: 'move',
    })
  })

  it('does not go back to the door when the session is learned late', () => {
    const open = { conversationId: 'c1', elsewhere: true }
    expect(after(...listening, { type: 'found', open }).at).toBe('talking')
  })
})

describe('the microphone', () => {
  it.each(['denied', 'absent', 'busy'] as const)('when it is %s, crosses the ring', (cause) => {
    const state = after({ type: 'pressed_talk' }, { type: 'microphone_refused', cause })
    expect(viewOf(state)).toMatchObject({
      shape: 'crossed',
      status: cause,
      offer: 'microphone_again',
    })
  })

  it('when refused, typing still makes a call', () => {
    const state = after(
      { type: 'pressed_talk' },
      { type: 'microphone_refused', cause: 'denied' },
      { type: 'calling', microphone: 'none', pushToTalk: false },
      { type: 'tutor_is', tutor: 'listening' },
    )
    expect(viewOf(state)).toMatchObject({ status: 'typed_only', controls: true })
  })

  it('when muted while the tutor listens, says so', () => {
    const state = after(...listening, { type: 'microphone_is', microphone: 'muted' })
    expect(viewOf(state)).toMatchObject({ shape: 'breathing', status: 'muted' })
  })
})

describe('connecting', () => {
  it('turns the ring, with the field in reach', () => {
    expect(viewOf(after(...calling))).toMatchObject({
      shape: 'turning',
      status: 'calling',
      controls: true,
      offer: null,
    })
  })

  it('says that the tutor is late, then offers to call again', () => {
    const late = after(...calling, { type: 'wait_grew', wait: 'late' })
    expect(viewOf(late)).toMatchObject({ status: 'late', offer: null })
    const veryLate = talkReducer(late, { type: 'wait_grew', wait: 'very_late' })
    expect(viewOf(veryLate)).toMatchObject({ status: 'very_late', offer: 'call_again' })
  })

  it('forgets the lateness once the tutor is there', () => {
    const state = after(...listening, { type: 'wait_grew', wait: 'late' })
    expect(viewOf(state).status).toBe('listening')
  })

  it('says what failed, and offers to call again', () => {
    const state = after({ type: 'pressed_talk' }, { type: 'failed', code: 'livekit_unavailable' })
    expect(state).toEqual({ at: 'failed', code: 'livekit_unavailable' })
    expect(viewOf(state)).toMatchObject({ shape: 'crossed', offer: 'call_again' })
  })
})

describe('in conversation', () => {
  it('breathes while the tutor listens', () => {
    expect(viewOf(after(...listening))).toMatchObject({
      shape: 'breathing',
      status: 'listening',
      connection: 'up',
    })
  })

  it('narrows while the tutor thinks, and names it only when it lasts', () => {
    const thinking = after(...listening, { type: 'tutor_is', tutor: 'thinking' })
    expect(viewOf(thinking)).toMatchObject({ shape: 'narrow', status: 'quiet' })
    const pondering = talkReducer(thinking, { type: 'tutor_pondered' })
    expect(viewOf(pondering)).toMatchObject({ shape: 'narrow', status: 'thinking' })
    const toldAgain = talkReducer(pondering, { type: 'tutor_is', tutor: 'thinking' })
    expect(viewOf(toldAgain).status).toBe('thinking')
  })

  it('does not ponder when the answer has begun in the meantime', () => {
    const state = after(
      ...listening,
      { type: 'tutor_is', tutor: 'speaking' },
      { type: 'tutor_pondered' },
    )
    expect(viewOf(state)).toMatchObject({ shape: 'rippling', status: 'speaking' })
  })

  it('goes grey without a voice and keeps the field in reach, whether or not the tutor is there', () => {
    for (const events of [calling, listening]) {
      const state = after(...events, { type: 'voice_is', voice: 'unavailable' })
      expect(viewOf(state)).toMatchObject({ shape: 'grey', status: 'unavailable', controls: true })
    }
  })

  it('gets its colour back with its voice', () => {
    const state = after(
      ...listening,
      { type: 'voice_is', voice: 'unavailable' },
      { type: 'voice_is', voice: 'ok' },
    )
    expect(viewOf(state).shape).toBe('breathing')
  })

  it('remembers that the browser holds the sound back', () => {
    const state = after(...listening, { type: 'sound_is', sound: 'blocked' })
    expect(state).toMatchObject({ line: { sound: 'blocked' } })
  })

  it('waits for the tutor again when the tutor leaves the room', () => {
    expect(after(...listening, { type: 'tutor_left' })).toMatchObject({
      at: 'calling',
      wait: 'short',
      line: { conversationId: 'c1' },
    })
  })
})

describe('a lost connection', () => {
  it('fades the ring and keeps the line', () => {
    const state = after(...listening, { type: 'line_lost' })
    expect(viewOf(state)).toMatchObject({ shape: 'faded', status: 'reconnecting' })
    expect(state).toMatchObject({ line: { conversationId: 'c1' } })
  })

  it('comes back into the same conversation', () => {
    const state = after(
      ...listening,
      { type: 'microphone_is', microphone: 'muted' },
      { type: 'line_lost' },
      { type: 'line_back' },
      { type: 'tutor_is', tutor: 'speaking' },
    )
    expect(state).toMatchObject({
      at: 'talking',
      line: { conversationId: 'c1', microphone: 'muted' },
    })
  })

  it('does not mistake a late word about the tutor for the line being back', () => {
    const state = after(
      ...listening,
      { type: 'line_lost' },
      { type: 'tutor_is', tutor: 'speaking' },
    )
    expect(state.at).toBe('reconnecting')
  })
})

describe('moved to another tab', () => {
  const moved = after(...listening, { type: 'moved_away' })

  it('says so and offers to bring it back', () => {
    expect(moved).toEqual({ at: 'moved', conversationId: 'c1' })
    expect(viewOf(moved)).toMatchObject({ status: 'moved', offer: 'move', controls: false })
  })

  it('never rejoins by itself', () => {
    const events: TalkEvent[] = [
      { type: 'line_back' },
      { type: 'tutor_is', tutor: 'speaking' },
      { type: 'wait_grew', wait: 'late' },
      { type: 'found', open: { conversationId: 'c1', elsewhere: false } },
    ]
    expect(events.reduce(talkReducer, moved)).toEqual(moved)
  })

  it('comes back at a press', () => {
    expect(talkReducer(moved, { type: 'pressed_talk' }).at).toBe('asking')
  })
})

describe('the end', () => {
  it('closes the ring, then tells why', () => {
    const ending = after(...listening, { type: 'pressed_end' })
    expect(viewOf(ending)).toMatchObject({ shape: 'closed', status: 'ending', controls: false })
    const ended = talkReducer(ending, {
      type: 'ended',
      conversationId: 'c1',
      reason: 'learner_ended',
    })
    expect(viewOf(ended)).toMatchObject({
      shape: 'closed',
      status: 'ended',
      offer: 'talk_again',
      controls: false,
    })
  })

  it('is not a lost connection', () => {
    const ending = after(...listening, { type: 'pressed_end' })
    for (const type of ['line_lost', 'moved_away', 'tutor_left'] as const) {
      expect(talkReducer(ending, { type })).toBe(ending)
    }
  })

  it('can come from a reconnection that found the conversation closed', () => {
    const state = after(
      ...listening,
      { type: 'line_lost' },
      { type: 'ended', conversationId: 'c1', reason: 'learner_gone' },
    )
    expect(state).toEqual({ at: 'ended', conversationId: 'c1', reason: 'learner_gone' })
  })

  it('leads to a new talk', () => {
    const ended: TalkEvent = { type: 'ended', conversationId: 'c1', reason: 'time_limit' }
    expect(after(...listening, ended, { type: 'pressed_talk' }).at).toBe('asking')
  })
})
