/** The learner's calendar day of an instant, as `2026-11-21`, by the clock of their device. */
export function dayOf(instant: Date): string {
  const month = String(instant.getMonth() + 1).padStart(2, '0')
  return `${instant.getFullYear()}-${month}-${String(instant.getDate()).padStart(2, '0')}`
}

/** Whole calendar days from `instant` to `now`: 0 today, 1 yesterday. */
export function daysAgo(instant: Date, now: Date): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return Math.round((midnight(now) - midnight(instant)) / 86_400_000)
}

/** Minutes as people say them: what has begun counts. */
export function wholeMinutes(durationMs: number): number {
  return Math.max(1, Math.round(durationMs / 60_000))
}
