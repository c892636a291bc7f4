import { describe, expect, it } from 'vitest'
import type { Turn } from '@/lib/api/models'
import type { Words } from '@/lib/livekit/words'
import { shownEntries, withTurns, withWords, type ScriptEntry } from './transcript'

const words = (seq: number, text: string, change: Partial<Words> = {}): Words => ({
  segmentId: `turn-${seq}`,
  speaker: seq % 2 === 1 ? 'tutor' : 'learner',
  text,
  interrupted: false,
  ...change,
})

const turn = (seq: number, text: string, change: Partial<Turn> = {}): Turn => ({
  id: `id-${seq}`,
  seq,
  speaker: seq % 2 === 1 ? 'tutor' : 'learner',
  text,
  text_pending: false,
  text_error: null,
  started_at: '2026-11-21T09:00:00Z',
  ended_at: '2026-11-21T09:00:02Z',
  interrupted: false,
  heard_ms: null,
  first_audio_ms: null,
  latency_ms: null,
  first_heard_ms: null,
  ...change,
})

const all = (...said: Words[]) => said.reduce<ScriptEntry[]>(withWords, [])
const texts = (entries: ScriptEntry[]) => entries.map(({ text }) => text)

describe('words from the room', () => {
  it('grow in place as they are spoken', () => {
    const entries = all(words(1, 'Hello'), words(1, 'Hello, how'), words(1, 'Hello, how are you?'))
    expect(texts(entries)).toEqual(['Hello, how are you?'])
  })

  it('hold their place before they are known', () => {
    const entries = all(
      words(1, 'Hello.'),
      words(2, '…'),
      words(3, 'I see.'),
      words(2, 'I am well.'),
    )
    expect(texts(entries)).toEqual(['Hello.', 'I am well.', 'I see.'])
    expect(all(words(2, '…'))[0]).toMatchObject({ pending: true, text: '' })
    expect(entries[1]?.pending).toBe(false)
  })

  it('stand in the order of their turns, however they arrive', () => {
    expect(texts(all(words(3, 'c'), words(1, 'a'), words(2, 'b')))).toEqual(['a', 'b', 'c'])
  })

  it('of an unnumbered segment come last', () => {
    const entries = all(words(2, 'b'), words(9, 'x', { segmentId: 'other' }), words(1, 'a'))
    expect(texts(entries)).toEqual(['a', 'b', 'x'])
  })

  it('are cut back to what was heard, with a mark', () => {
    const entries = all(
      words(1, 'Once upon a time there was'),
      words(1, 'Once upon', { interrupted: true }),
    )
    expect(entries).toMatchObject([{ text: 'Once upon', cut: true }])
  })

  it('that come again after a rejoin are not shown twice', () => {
    const again = all(words(1, 'a'), words(2, 'b'), words(1, 'a'), words(2, 'b'))
    expect(texts(again)).toEqual(['a', 'b'])
  })

  it('of which nothing was heard leave no line', () => {
    const entries = all(words(1, 'Hm', {}), words(1, '\u200B', { interrupted: true }))
    expect(shownEntries(entries)).toEqual([])
  })
})

describe('stored turns', () => {
  it('merge with the streams of the same turns', () => {
    const entries = withTurns(all(words(2, 'b'), words(3, 'c')), [turn(1, 'a'), turn(2, 'b')])
    expect(texts(entries)).toEqual(['a', 'b', 'c'])
  })

  it('correct what the page missed', () => {
    const entries = withTurns(all(words(1, 'Once upon a ti')), [
      turn(1, 'Once upon', { interrupted: true }),
    ])
    expect(entries).toMatchObject([{ text: 'Once upon', cut: true }])
  })

  it('without words yet never silence words on the page', () => {
    const late = turn(2, '', { text_pending: true })
    expect(texts(withTurns(all(words(2, 'I am well.')), [late]))).toEqual(['I am well.'])
    expect(withTurns([], [late])).toMatchObject([{ pending: true }])
  })
})
