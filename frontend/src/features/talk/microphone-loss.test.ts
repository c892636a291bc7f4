import { describe, expect, it } from 'vitest'
import { lossOf } from './microphone-loss'

const headset = { deviceId: 'a1' }
const webcam = { deviceId: 'b2' }
const nameless = { deviceId: '' }

describe('a microphone that ended', () => {
  it('was unplugged when it is not among those that are there', () => {
    expect(lossOf(headset, 'granted', [webcam])).toBe('unplugged')
    expect(lossOf(headset, 'granted', [])).toBe('unplugged')
    expect(lossOf(headset, null, [webcam])).toBe('unplugged')
  })

  it('is not allowed any more when the browser says so, or hides what is there', () => {
    expect(lossOf(headset, 'denied', [headset, webcam])).toBe('withdrawn')
    expect(lossOf(headset, 'prompt', [nameless])).toBe('withdrawn')
    expect(lossOf(headset, null, [nameless, nameless])).toBe('withdrawn')
  })

  it('has stopped by itself when it is there and allowed', () => {
    expect(lossOf(headset, 'granted', [headset])).toBe('stopped')
    expect(lossOf(headset, null, [webcam, headset])).toBe('stopped')
  })
})
