import { expect, test } from 'vitest'
import { findTimeZones, timeZone, timeZones } from './time-zones'

const all = timeZones()
const found = (query: string) => findTimeZones(all, query).map(({ id }) => id)

test('time zones are found by city and by region, however they are written', () => {
  expect(found('lisb')).toEqual(['Europe/Lisbon'])
  expect(found('Europe/Lisbon')).toEqual(['Europe/Lisbon'])
  expect(found('sao paulo')).toEqual(['America/Sao_Paulo'])
  expect(found('atlantis')).toEqual([])
})

test('a city comes before the region of the same beginning', () => {
  const cities = found('lo').map((id) => timeZone(id).city)
  expect(cities[0]).toMatch(/^Lo/)
  expect(cities.indexOf('London')).toBeLessThan(cities.indexOf('Oslo'))
  expect(found('')).toHaveLength(all.length)
})

test('each is there once, and its name is read as people write it', () => {
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  expect(all[0]?.id).toBe('UTC')
  expect(timeZone('America/Argentina/Buenos_Aires')).toEqual({
    id: 'America/Argentina/Buenos_Aires',
    city: 'Buenos Aires',
    region: 'America, Argentina',
  })
})
