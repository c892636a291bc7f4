export interface TimeZone {
  /** As the time zone database names it, such as `America/Sao_Paulo`. */
  id: string
  city: string
  region: string
}

/** The time zones that this browser knows. */
export function timeZones(): TimeZone[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((id) => id !== 'UTC')].map(timeZone)
}

export function timeZone(id: string): TimeZone {
  const parts = id.replaceAll('_', ' ').split('/')
  return { id, city: parts.at(-1) ?? id, region: parts.slice(0, -1).join(', ') }
}

/** Those whose names hold every word that was typed, cities that begin with it first. */
export function findTimeZones(all: readonly TimeZone[], query: string): TimeZone[] {
  const words = query
    .toLowerCase()
    .split(/[\s/_,]+/)
    .filter((word) => word !== '')
  const found = all.filter(({ city, region }) => {
    const name = `${region} ${city}`.toLowerCase()
    return words.every((word) => name.includes(word))
  })
  const isFirst = ({ city }: TimeZone) => city.toLowerCase().startsWith(words[0] ?? '')
  return [...found.filter(isFirst), ...found.filter((zone) => !isFirst(zone))]
}

/** The time zone that this device lives in. */
export function deviceTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
