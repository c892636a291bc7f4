import { describe, expect, it } from 'vitest'
import { RippleTrail } from './ripple-trail'

function pass(trail: RippleTrail, seconds: number, level: number): void {
  for (let n = 0; n < Math.round(seconds * 60); n += 1) trail.advance(1 / 60, level)
}

/** How far out the strongest ripple is, and how strong. */
function strongest(trail: RippleTrail) {
  return trail.ripples.reduce((best, one) => (one.strength > best.strength ? one : best))
}

describe('ripples', () => {
  it('carry a syllable outwards, thinner the further it is, until it is gone', () => {
    const trail = new RippleTrail()
    pass(trail, 2, 0)
    expect(strongest(trail).strength).toBe(0)
    pass(trail, 0.7, 0.8)
    const near = { ...strongest(trail) }
    pass(trail, 0.5, 0)
    const far = { ...strongest(trail) }
    expect(near.strength).toBeGreaterThan(0.3)
    expect(far.distance).toBeGreaterThan(near.distance + 8)
    expect(far.strength).toBeLessThan(near.strength)
    expect(far.strength).toBeGreaterThan(0.05)
    pass(trail, 1.2, 0)
    expect(strongest(trail).strength).toBe(0)
  })

  it('come up and go without appearing or vanishing at once', () => {
    const trail = new RippleTrail()
    pass(trail, 2, 1)
    for (let frame = 0; frame < 240; frame += 1) {
      const before = trail.ripples.map(({ distance, strength }) => ({ distance, strength }))
      trail.advance(1 / 60, 1)
      for (const { distance, strength } of trail.ripples) {
        // The same ripple a frame ago; one that has just come up had none.
        const same = before.find((one) => Math.abs(one.distance - distance) < 2)
        expect(Math.abs(strength - (same?.strength ?? 0))).toBeLessThan(0.2)
      }
    }
  })

  it('keep apart, evenly', () => {
    const trail = new RippleTrail()
    pass(trail, 1.23, 0.5)
    const [first, second, third] = trail.ripples.map(({ distance }) => distance)
    expect((second ?? 0) - (first ?? 0)).toBeCloseTo((third ?? 0) - (second ?? 0), 5)
  })
})
