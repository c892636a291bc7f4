import { describe, expect, it } from 'vitest'
import { isSilent } from './tape'

const RATE = 48_000
const recorded = (samples: Float32Array<ArrayBuffer>) => ({ samples, sampleRate: RATE })
const hum = (seconds: number, strength: number) =>
  Float32Array.from({ length: seconds * RATE }, (_, at) => strength * Math.sin(at / 20))

describe('a recording', () => {
  it('of nothing, or of a quiet room, is silent', () => {
    expect(isSilent(recorded(new Float32Array()))).toBe(true)
    expect(isSilent(recorded(hum(3, 0.004)))).toBe(true)
  })

  it('with one short word in a long silence is not', () => {
    const samples = hum(3, 0.001)
    samples.set(hum(0.3, 0.2), 2 * RATE)
    expect(isSilent(recorded(samples))).toBe(false)
  })
})
