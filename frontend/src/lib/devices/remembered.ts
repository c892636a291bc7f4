import { useSyncExternalStore } from 'react'
import { readChoice, type DeviceChoice } from './choice'

const KEY = 'avaaz.devices'
/** Where the microphone alone was kept before. */
const FORMER_MICROPHONE = 'avaaz.microphone'

const listeners = new Set<() => void>()
let known: DeviceChoice | null = null

/** What this browser was told to use. It stays on this device: ids mean nothing on another one. */
export function deviceChoice(): DeviceChoice {
  known ??= readChoice(localStorage.getItem(KEY), localStorage.getItem(FORMER_MICROPHONE))
  return known
}

export function changeDevices(change: (before: DeviceChoice) => DeviceChoice): void {
  known = change(deviceChoice())
  localStorage.setItem(KEY, JSON.stringify(known))
  localStorage.removeItem(FORMER_MICROPHONE)
  for (const listener of listeners) listener()
}

/** Tells of each change, made in this tab or in another one. */
export function onDeviceChoice(changed: () => void): () => void {
  if (listeners.size === 0) addEventListener('storage', readAnew)
  listeners.add(changed)
  return () => {
    listeners.delete(changed)
    if (listeners.size === 0) removeEventListener('storage', readAnew)
  }
}

export function useDeviceChoice(): DeviceChoice {
  return useSyncExternalStore(onDeviceChoice, deviceChoice)
}

function readAnew(event: StorageEvent): void {
  if (event.key !== KEY && event.key !== null) return
  known = null
  for (const listener of listeners) listener()
}
