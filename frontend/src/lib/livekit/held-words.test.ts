import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HeldWords } from './held-words'
import { delayBetween } from './playout-delay'
import type { Words } from './words'

let told: string[]
let hold: number
let words: HeldWords
const said = (text: string, speaker: Words['speaker'] = 'tutor'): Words => ({
  segmentId: 'turn-1',
  speaker,
  text,
  interrupted: false,
})

beforeEach(() => {
  vi.useFakeTimers()
  told = []
  hold = 200
  words = new HeldWords(
    ({ text }) => told.push(text),
    () => hold,
  )
})
afterEach(() => vi.useRealTimers())

describe('held words', () => {
  it('are told when their sound is heard', () => {
    words.take(said('Hello'))
    vi.advanceTimersByTime(150)
    words.take(said('Hello there'))
    expect(told).toEqual([])
    vi.advanceTimersByTime(50)
    expect(told).toEqual(['Hello'])
    vi.advanceTimersByTime(150)
    expect(told).toEqual(['Hello', 'Hello there'])
  })

  it('of the learner wait for nothing', () => {
    words.take(said('Hello'))
    words.take(said('Yes', 'learner'))
    expect(told).toEqual(['Yes'])
  })

  it('keep their order when the delay shrinks', () => {
    words.take(said('a'))
    hold = 0
    words.take(said('a b'))
    expect(told).toEqual([])
    vi.advanceTimersByTime(200)
    expect(told).toEqual(['a', 'a b'])
  })

  it('are told at once where the browser holds no sound back', () => {
    hold = 0
    words.take(said('a'))
    expect(told).toEqual(['a'])
  })

  it('are told at once, and only once, when the line closes', () => {
    words.take(said('a'))
    words.flush()
    vi.advanceTimersByTime(1_000)
    expect(told).toEqual(['a'])
  })
})

describe('the delay of what is played', () => {
  const counts = (waited: number, samples: number, deviceWaited = 0, deviceSamples = 0) => ({
    waited,
    samples,
    deviceWaited,
    deviceSamples,
  })

  it('is that of the buffer and of the way to the loudspeaker, since the last look', () => {
    const delay = delayBetween(
      counts(100, 48_000, 10, 48_000),
      counts(5_860, 96_000, 1_930, 96_000),
    )
    expect(delay).toBeCloseTo(160)
  })

  it('is not known while nothing is played', () => {
    expect(delayBetween(counts(1, 48), counts(1, 48))).toBeNull()
  })
})
