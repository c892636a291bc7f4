import { describe, expect, it } from 'vitest'
import { clockFor, daysBetween, localeFor, wholeMinutes } from './time'

const dayIn = (zone: string, instant: string) => clockFor('en', zone).dayOf(new Date(instant))

describe('a day', () => {
  it('begins at midnight of the learner, not of the browser', () => {
    expect(dayIn('Europe/Lisbon', '2026-11-21T23:59:59Z')).toBe('2026-11-21')
    expect(dayIn('Europe/Paris', '2026-11-21T23:00:00Z')).toBe('2026-11-22')
    expect(dayIn('America/Los_Angeles', '2026-11-21T07:59:00Z')).toBe('2026-11-20')
  })

  it('is another on either side of the date line', () => {
    const instant = '2026-11-21T11:00:00Z'
    expect(dayIn('Pacific/Kiritimati', instant)).toBe('2026-11-22')
    expect(dayIn('Pacific/Niue', instant)).toBe('2026-11-21')
    expect(dayIn('Pacific/Pago_Pago', '2026-11-21T10:59:00Z')).toBe('2026-11-20')
  })

  it('has 23 hours when the clocks go forward, and 25 when they go back', () => {
    expect(dayIn('Europe/Berlin', '2026-03-28T23:00:00Z')).toBe('2026-03-29')
    expect(dayIn('Europe/Berlin', '2026-03-29T21:59:59Z')).toBe('2026-03-29')
    expect(dayIn('Europe/Berlin', '2026-03-29T22:00:00Z')).toBe('2026-03-30')
    expect(dayIn('America/New_York', '2026-11-01T04:00:00Z')).toBe('2026-11-01')
    expect(dayIn('America/New_York', '2026-11-02T04:59:59Z')).toBe('2026-11-01')
    expect(dayIn('America/New_York', '2026-11-02T05:00:00Z')).toBe('2026-11-02')
  })

  it('may begin at one in the morning, where midnight is left out', () => {
    // Beirut went from 23:59:59 to 01:00 in the night to 29 March 2026.
    expect(dayIn('Asia/Beirut', '2026-03-28T21:59:59Z')).toBe('2026-03-28')
    expect(dayIn('Asia/Beirut', '2026-03-28T22:00:00Z')).toBe('2026-03-29')
  })

  it('is counted by the calendar, not by hours', () => {
    expect(daysBetween('2026-11-20', '2026-11-21')).toBe(1)
    expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2)
    expect(daysBetween('2025-12-31', '2026-01-01')).toBe(1)
    expect(daysBetween('2026-11-21', '2026-11-21')).toBe(0)
  })

  it('is named without its year while that is the present one', () => {
    const clock = clockFor('fr', 'Asia/Tokyo')
    const now = new Date('2026-01-10T00:00:00Z')
    expect(clock.day(new Date('2026-01-04T12:00:00Z'), now)).toBe('dimanche 4 janvier')
    // Still the old year in London, the new one in Tokyo.
    expect(clock.day(new Date('2025-12-31T15:30:00Z'), now)).toBe('jeudi 1 janvier')
    expect(clock.day(new Date('2025-12-31T14:30:00Z'), now)).toBe('mercredi 31 décembre 2025')
  })
})

describe('a time', () => {
  it('is told by the clock of the learner and in the language of the interface', () => {
    const instant = new Date('2026-11-21T18:05:00Z')
    expect(clockFor('en-GB', 'Europe/Lisbon').time(instant)).toBe('18:05')
    expect(clockFor('en-US', 'Asia/Kolkata').time(instant)).toMatch(/^11:35\sPM$/)
    expect(clockFor('fr', 'Europe/Paris').fullDay(instant)).toBe('samedi 21 novembre 2026')
  })

  it('is told by the browser’s own clock where it does not know the time zone', () => {
    const instant = new Date('2026-11-21T18:05:00Z')
    const own = new Intl.DateTimeFormat('en-GB', { hour: 'numeric', minute: '2-digit' })
    expect(clockFor('en-GB', 'Mars/Olympus').time(instant)).toBe(own.format(instant))
  })

  it('is written as the device writes the language of the interface', () => {
    expect(localeFor('en', ['fr-CA', 'en-GB', 'en-US'])).toBe('en-GB')
    expect(localeFor('fr', ['en-GB'])).toBe('fr')
  })
})

describe('minutes', () => {
  it('are never none', () => {
    expect(wholeMinutes(4_000)).toBe(1)
    expect(wholeMinutes(150_000)).toBe(3)
  })
})
