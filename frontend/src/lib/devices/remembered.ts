import { useSyncExternalStore } from 'react'
import { readChoice, type DeviceChoice } from './choice'

const KEY = 'avaaz.devices'
/** Where the microphone alone was kept before. */
const FORMER_MICROPHONE = 'avaaz.microphone'

const listeners = new Set<() => void>()
/** The choice, and what it was read from: another tab may have stored a new one since. */
let known: { stored: string | null; choice: DeviceChoice } | null = null

/** What this browser was told to use. It stays on this device: ids mean nothing on another one. */
export function deviceChoice(): DeviceChoice {
  const stored = localStorage.getItem(KEY)
  if (known?.stored !== stored) {
    known = { stored, choice: readChoice(stored, localStorage.getItem(FORMER_MICROPHONE)) }
  }
  return known.choice
}

export function changeDevices(change: (before: DeviceChoice) => DeviceChoice): void {
  localStorage.setItem(KEY, JSON.stringify(change(deviceChoice())))
  localStorage.removeItem(FORMER_MICROPHONE)
  for (const listener of listeners) listener()
}

/** Tells of each change, made in this tab or in another one. */
export function onDeviceChoice(changed: () => void): () => void {
  if (listeners.size === 0) addEventListener('storage', onStored)
  listeners.add(changed)
  return () => {
    listeners.delete(changed)
    if (listeners.size === 0) removeEventListener('storage', onStored)
  }
}

export function useDeviceChoice(): DeviceChoice {
  return useSyncExternalStore(onDeviceChoice, deviceChoice)
}

function onStored(event: StorageEvent): void {
  if (event.key !== KEY && event.key !== null) return
  for (const listener of listeners) listener()
}
