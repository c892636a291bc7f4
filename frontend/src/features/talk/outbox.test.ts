import { describe, expect, it } from 'vitest'
import { nextToSend, withoutAnswered, withSent, type Typed } from './outbox'
import type { ScriptEntry } from './transcript'

const typed = (id: string, text: string): Typed => ({ id, text, sends: 0, sentAt: 0, seen: [] })
const entry = (seq: number, text: string): ScriptEntry => ({
  id: `turn-${seq}`,
  speaker: 'learner',
  text,
  pending: false,
  cut: false,
  seq,
})

describe('typed words', () => {
  it('are sent in their order', () => {
    const waiting = [typed('a', 'one'), typed('b', 'two')]
    expect(nextToSend(waiting, 0, 100)?.id).toBe('a')
    expect(nextToSend(withSent(waiting, 'a', 0, []), 0, 100)?.id).toBe('b')
  })

  it('that nobody took up are sent again, but not for ever', () => {
    let waiting: readonly Typed[] = [typed('a', 'one')]
    let sends = 0
    for (let now = 0; now < 10_000; now += 50) {
      if (nextToSend(waiting, now, 100) === null) continue
      waiting = withSent(waiting, 'a', now, [])
      sends += 1
    }
    expect(sends).toBe(4)
    expect(waiting).toHaveLength(1)
  })

  it('wait until they stand in the script', () => {
    const sent = withSent([typed('a', 'And  the weather?')], 'a', 0, [])
    expect(withoutAnswered(sent, [entry(1, '')])).toHaveLength(1)
    expect(withoutAnswered(sent, [entry(2, 'And the weather?')])).toHaveLength(0)
  })

  it('are not mistaken for the same words said before', () => {
    const before = [entry(2, 'Yes')]
    const sent = withSent([typed('a', 'Yes')], 'a', 0, before)
    expect(withoutAnswered(sent, before)).toHaveLength(1)
    expect(withoutAnswered(sent, [...before, entry(4, 'Yes')])).toHaveLength(0)
  })
})
