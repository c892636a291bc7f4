import type { User } from '../api/models'

/** Who was signed in here last: what the rooms need to open while the server cannot be asked. */
export type KnownUser = Pick<User, 'id' | 'display_name' | 'time_zone' | 'ui_language'>

const KEY = 'avaaz.known-user'

export function keepKnown({ id, display_name, time_zone, ui_language }: User): void {
  localStorage.setItem(KEY, JSON.stringify({ id, display_name, time_zone, ui_language }))
}

export function forgetKnown(): void {
  localStorage.removeItem(KEY)
}

/** The one whom this browser knows by that id, if any. */
export function knownUser(id: string | null): KnownUser | null {
  try {
    const known = JSON.parse(localStorage.getItem(KEY) ?? 'null') as KnownUser | null
    return known !== null && known.id === id ? known : null
  } catch {
    // Written by another version of this app.
    return null
  }
}
