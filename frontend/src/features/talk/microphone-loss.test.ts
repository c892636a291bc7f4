import { describe, expect, it } from 'vitest'
import { isBack, lossOf } from './microphone-loss'

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

describe('the system’s choice', () => {
  const before = { deviceId: 'default', groupId: 'headset', label: 'Default - Headset' }
  const after = { deviceId: 'default', groupId: 'webcam', label: 'Default - Webcam' }

  it('was unplugged when it is another device now, and is back when it is the same again', () => {
    expect(lossOf(before, 'granted', [after, webcam])).toBe('unplugged')
    expect(isBack(before, [after, webcam])).toBe(false)
    expect(isBack(before, [before, webcam])).toBe(true)
  })

  it('is still there when something else was plugged in and is the system’s choice now', () => {
    const itself = { deviceId: 'a1', groupId: 'headset', label: 'Headset' }
    expect(lossOf(before, 'granted', [after, itself, webcam])).toBe('stopped')
    expect(lossOf({ deviceId: 'default', groupId: '' }, 'granted', [webcam])).toBe('unplugged')
  })
})

it('a microphone is back by its id, or by its name where the browser gave it a new id', () => {
  const lost = { deviceId: 'a1', groupId: 'g', label: 'Headset' }
  expect(isBack(lost, [{ deviceId: 'a1', groupId: 'g', label: '' }])).toBe(true)
  expect(isBack(lost, [{ deviceId: 'c3', groupId: 'h', label: 'Headset' }])).toBe(true)
  expect(isBack(lost, [{ deviceId: 'b2', groupId: 'g', label: 'Webcam' }])).toBe(false)
  expect(isBack({ deviceId: 'a1', label: '' }, [{ deviceId: 'b2', label: '' }])).toBe(false)
})
