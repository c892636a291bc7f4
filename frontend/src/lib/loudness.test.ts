import { describe, expect, it } from 'vitest'
import { follow, LoudnessScale } from './loudness'

function after(seconds: number, perSecond: number, from: number, goal: number): number {
  let level = from
  for (let n = 0; n < seconds * perSecond; n += 1) level = follow(level, goal, 1 / perSecond)
  return level
}

/** Hears one loudness for a while, at sixty readings a second. */
function hear(scale: LoudnessScale, decibels: number, seconds: number): number {
  let level = 0
  for (let n = 0; n < seconds * 60; n += 1) level = scale.levelOf(decibels, 1 / 60)
  return level
}

describe('a level that follows a sound', () => {
  it('is most of the way there within a tenth of a second, and takes longer to leave', () => {
    expect(after(0.1, 60, 0, 1)).toBeGreaterThan(0.9)
    expect(after(0.1, 60, 1, 0)).toBeGreaterThan(0.5)
    expect(after(0.8, 60, 1, 0)).toBeLessThan(0.02)
  })

  it('goes the same way at 30, 60 and 120 readings a second', () => {
    for (const [from, goal] of [
      [0, 1],
      [1, 0.2],
    ] as const) {
      const at60 = after(0.2, 60, from, goal)
      expect(after(0.2, 30, from, goal)).toBeCloseTo(at60, 6)
      expect(after(0.2, 120, from, goal)).toBeCloseTo(at60, 6)
    }
  })

  it('never overshoots, however long the pause', () => {
    expect(follow(0, 1, 3_600)).toBe(1)
    expect(follow(0.4, 0.4, 0)).toBe(0.4)
  })
})

describe('the scale of loudness', () => {
  it('hears nothing in silence and all of a loud voice', () => {
    expect(hear(new LoudnessScale(), -120, 2)).toBe(0)
    expect(new LoudnessScale().levelOf(-10, 1 / 60)).toBe(1)
  })

  it('gives a soft voice a good part of the range', () => {
    const scale = new LoudnessScale()
    hear(scale, -70, 2)
    const soft = scale.levelOf(-40, 1 / 60)
    const plain = scale.levelOf(-26, 1 / 60)
    expect(soft).toBeGreaterThan(0.25)
    expect(plain).toBeGreaterThan(soft + 0.2)
    expect(plain).toBeLessThan(0.9)
  })

  it('stops hearing a fan after a while, and a voice above it all the same', () => {
    const scale = new LoudnessScale()
    expect(hear(scale, -44, 1 / 60)).toBeGreaterThan(0)
    expect(hear(scale, -44, 10)).toBe(0)
    expect(scale.levelOf(-24, 1 / 60)).toBeGreaterThan(0.4)
  })

  it('does not take a long sentence for the sound of the room', () => {
    const scale = new LoudnessScale()
    const first = scale.levelOf(-24, 1 / 60)
    expect(hear(scale, -24, 20)).toBeGreaterThan(first * 0.6)
  })
})
