import { useMemo, useSyncExternalStore } from 'react'
import { useLanguage } from './i18n'
import { useAuthState } from './services'
import { clockFor, localeFor, type Clock } from './time'

/** How often an open page looks whether a new day has begun. */
const LOOK_EVERY_MS = 30_000

/** The learner's own clock: their time zone, wherever this browser is, and the interface's language. */
export function useClock(): Clock {
  const language = useLanguage()
  const state = useAuthState()
  const timeZone = 'user' in state ? state.user.time_zone : ''
  return useMemo(
    () => clockFor(localeFor(language, navigator.languages), timeZone),
    [language, timeZone],
  )
}

/** The learner's present day, as `2026-11-21`; it changes at their midnight. */
export function useToday(clock: Clock): string {
  return useSyncExternalStore(eachWhile, () => clock.dayOf(new Date()))
}

function eachWhile(look: () => void): () => void {
  const timer = setInterval(look, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}
