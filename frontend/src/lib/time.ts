/** What a clock on the learner's wall would say: their time zone, in the words of the interface. */
export interface Clock {
  /** The calendar day of an instant, as `2026-11-21`. */
  dayOf: (instant: Date) => string
  /** `0905`, for the names of files. */
  hourAndMinute: (instant: Date) => string
  /** `9:05 AM` */
  time: (instant: Date) => string
  /** `Saturday, November 21`, with the year where it is not the present one. */
  day: (instant: Date, now: Date) => string
  /** `Nov 21, 2026` */
  date: (instant: Date) => string
  /** `Saturday, November 21, 2026` */
  fullDay: (instant: Date) => string
}

/** A clock for a time zone by its IANA name; one that the browser does not know is taken for its own. */
export function clockFor(locale: string, timeZone: string): Clock {
  const zone = knownZone(timeZone)
  const format = (options: Intl.DateTimeFormatOptions, language = locale) =>
    new Intl.DateTimeFormat(language, { ...options, ...zone })
  // Swedes write their dates as the ISO does.
  const isoDay = format({ year: 'numeric', month: '2-digit', day: '2-digit' }, 'sv-SE')
  const isoTime = format({ hour: '2-digit', minute: '2-digit' }, 'sv-SE')
  const time = format({ hour: 'numeric', minute: '2-digit' })
  const day = format({ weekday: 'long', day: 'numeric', month: 'long' })
  const fullDay = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  const date = format({ dateStyle: 'medium' })
  const yearOf = (instant: Date) => isoDay.format(instant).slice(0, -6)
  return {
    dayOf: (instant) => isoDay.format(instant),
    hourAndMinute: (instant) => isoTime.format(instant).replace(':', ''),
    time: (instant) => time.format(instant),
    day: (instant, now) => (yearOf(instant) === yearOf(now) ? day : fullDay).format(instant),
    date: (instant) => date.format(instant),
    fullDay: (instant) => fullDay.format(instant),
  }
}

/** Whole calendar days from one day to another, both as `2026-11-21`. */
export function daysBetween(earlier: string, later: string): number {
  // Days without a zone: none of them has 23 or 25 hours.
  return (Date.parse(`${later}T00:00Z`) - Date.parse(`${earlier}T00:00Z`)) / 86_400_000
}

/** Minutes as people say them: the nearest whole one, and never none. */
export function wholeMinutes(durationMs: number): number {
  return Math.max(1, Math.round(durationMs / 60_000))
}

/** The device's own way of writing the interface's language: English in Leeds is not that in Boston. */
export function localeFor(language: string, deviceLanguages: readonly string[]): string {
  return deviceLanguages.find((tag) => tag.split('-')[0] === language) ?? language
}

function knownZone(timeZone: string): { timeZone?: string } {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return { timeZone }
  } catch {
    return {}
  }
}
