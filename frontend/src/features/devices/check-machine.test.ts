import { describe, expect, it } from 'vitest'
import { checkReducer, closedCheck, type CheckEvent, type CheckState } from './check-machine'

const after = (...events: CheckEvent[]): CheckState => events.reduce(checkReducer, closedCheck)
const opened: CheckEvent[] = [{ type: 'pressed_try' }, { type: 'opened' }]
const spoken: CheckEvent[] = [{ type: 'pressed_record' }, { type: 'recorded', silent: false }]

describe('the microphone', () => {
  it('is asked for only by a press', () => {
    expect(closedCheck).toEqual({ at: 'closed' })
    expect(after({ type: 'pressed_try' })).toEqual({ at: 'asking' })
    expect(after(...opened)).toEqual({ at: 'open', tape: 'empty' })
  })

  it.each(['denied', 'absent', 'busy'] as const)('that is %s can be asked for again', (cause) => {
    const refused = after({ type: 'pressed_try' }, { type: 'refused', cause })
    expect(refused).toEqual({ at: 'refused', cause })
    expect(checkReducer(refused, { type: 'pressed_try' })).toEqual({ at: 'asking' })
    expect(checkReducer(refused, { type: 'opened' })).toEqual({ at: 'open', tape: 'empty' })
  })

  it('that comes after one has left changes nothing', () => {
    const left = after({ type: 'pressed_try' }, { type: 'left' })
    expect(checkReducer(left, { type: 'opened' })).toEqual({ at: 'closed' })
    expect(checkReducer(left, { type: 'refused', cause: 'denied' })).toEqual({ at: 'closed' })
  })

  it('unplugged while one is speaking is refused as absent', () => {
    expect(
      after(...opened, { type: 'pressed_record' }, { type: 'refused', cause: 'absent' }),
    ).toEqual({ at: 'refused', cause: 'absent' })
  })
})

describe('what was said', () => {
  it('is played as soon as it is said, and again when asked for', () => {
    expect(after(...opened, ...spoken)).toEqual({ at: 'open', tape: 'playing' })
    expect(after(...opened, ...spoken, { type: 'played' })).toEqual({ at: 'open', tape: 'kept' })
    const again: CheckEvent[] = [{ type: 'played' }, { type: 'pressed_play' }]
    expect(after(...opened, ...spoken, ...again)).toEqual({ at: 'open', tape: 'playing' })
  })

  it('is not played when it was nothing, and can be said again', () => {
    const silent = after(...opened, { type: 'pressed_record' }, { type: 'recorded', silent: true })
    expect(silent).toEqual({ at: 'open', tape: 'silent' })
    expect(checkReducer(silent, { type: 'pressed_play' })).toEqual(silent)
    expect(checkReducer(silent, { type: 'pressed_record' })).toEqual({
      at: 'open',
      tape: 'recording',
    })
  })

  it('is gone with the microphone that heard it', () => {
    const events: CheckEvent[] = [...opened, ...spoken, { type: 'played' }]
    expect(after(...events, { type: 'opened' })).toEqual({ at: 'open', tape: 'empty' })
    expect(after(...events, { type: 'left' })).toEqual({ at: 'closed' })
  })

  it('cannot come from a microphone that is not open', () => {
    expect(after(...spoken)).toEqual({ at: 'closed' })
    expect(after({ type: 'pressed_try' }, ...spoken)).toEqual({ at: 'asking' })
  })
})
