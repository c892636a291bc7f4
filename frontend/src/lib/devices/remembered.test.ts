import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { changeDevices, deviceChoice } from './remembered'

const kept = new Map<string, string>()

beforeEach(() => {
  kept.clear()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  })
})
afterEach(() => vi.unstubAllGlobals())

it('is the same value until something is chosen', () => {
  expect(deviceChoice()).toBe(deviceChoice())
  const input = { id: 'm1', label: 'Headset' }
  changeDevices((before) => ({ ...before, input }))
  expect(deviceChoice()).toMatchObject({ input })
  expect(deviceChoice()).toBe(deviceChoice())
})

it('is known at once when another tab has chosen, though nobody here listens for it', () => {
  changeDevices((before) => ({ ...before, input: { id: 'm1', label: 'Headset' } }))
  const input = { id: 'm2', label: 'Webcam' }
  kept.set('avaaz.devices', JSON.stringify({ input, output: null, processing: {} }))
  expect(deviceChoice()).toMatchObject({ input })
})
