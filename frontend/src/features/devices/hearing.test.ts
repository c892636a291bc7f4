import { describe, expect, it } from 'vitest'
import { HearingJudge } from './hearing'

/** What is said at each quarter of a second of `levels`, without repetitions. */
function said(levels: readonly number[]): string[] {
  const judge = new HearingJudge(0)
  const all = levels.map((level, index) => judge.judge(level, index * 250))
  return all.filter((hearing, index) => hearing !== all[index - 1])
}

const seconds = (length: number, level: number) => Array.from({ length: length * 4 }, () => level)

describe('whether the learner is heard', () => {
  it('is told at the first sound of a voice', () => {
    expect(said([...seconds(1, 0), 0.4])).toEqual(['listening', 'heard'])
  })

  it('does not change between two sentences', () => {
    expect(said([...seconds(1, 0.5), ...seconds(2, 0.02), ...seconds(1, 0.5)])).toEqual(['heard'])
  })

  it('is doubted only after a silence that is too long for finding a word', () => {
    expect(said(seconds(5, 0.05))).toEqual(['listening'])
    expect(said(seconds(7, 0.05))).toEqual(['listening', 'nothing'])
    expect(said([...seconds(7, 0), 0.4])).toEqual(['listening', 'nothing', 'heard'])
  })

  it('goes back from heard to listening before it is doubted', () => {
    expect(said([0.4, ...seconds(8, 0)])).toEqual(['heard', 'listening', 'nothing'])
  })
})
