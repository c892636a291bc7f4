import { useSyncExternalStore } from 'react'

/** What this device remembers of how its user likes the page. Nothing of what is said. */
const PREFERENCES = {
  captionSize: choice(['small', 'medium', 'large', 'largest'], 'medium'),
  showCaptions: choice([true, false], true),
  /** The last conversations stay on this device, to be read without a network. */
  keepConversations: choice([true, false], true),
}

export type Preferences = {
  [Name in keyof typeof PREFERENCES]: (typeof PREFERENCES)[Name]['usual']
}
type Name = keyof Preferences

export const CAPTION_SIZES = PREFERENCES.captionSize.values

const listeners = new Set<() => void>()

export function preference<N extends Name>(name: N): Preferences[N] {
  const stored = localStorage.getItem(keyOf(name))
  const { values, usual } = PREFERENCES[name]
  const known = values.find((value) => String(value) === stored)
  return (known ?? usual) as Preferences[N]
}

export function setPreference<N extends Name>(name: N, value: Preferences[N]): void {
  localStorage.setItem(keyOf(name), String(value))
  for (const listener of listeners) listener()
}

/** A preference as it stands, also when another tab changes it. */
export function usePreference<N extends Name>(name: N): Preferences[N] {
  return useSyncExternalStore(onPreferences, () => preference(name))
}

export function onPreferences(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

function keyOf(name: Name): string {
  return `avaaz.${name}`
}

function choice<const Values extends readonly (string | boolean)[]>(
  values: Values,
  usual: Values[number],
): { values: Values; usual: Values[number] } {
  return { values, usual }
}
