import { describe, expect, it } from 'vitest'
import { excerpt } from './excerpt'

const read = (text: string, query: string) =>
  excerpt(text, query)
    .map((piece) => piece.text)
    .join('')

describe('the words around what was looked for', () => {
  it('are all of a short turn', () => {
    const text = 'In May I go to Lisbon.'
    expect(read(text, 'lisbon')).toBe(text)
  })

  it('stay around the first hit of a long turn, and are cut between words', () => {
    const long = `${'well and good '.repeat(40)}then the heron came ${'down the river '.repeat(40)}`
    const shown = read(long, 'heron')
    expect(shown).toMatch(/^… (good|well|and) .* the heron came .* (down|the|river) …$/)
    expect(shown.length).toBeLessThan(230)
  })

  it('break no letter where there are no spaces', () => {
    const shown = read('𠮷'.repeat(300) + '鷺' + '𠮷'.repeat(300), '鷺')
    expect(shown).toMatch(/^… 𠮷+鷺𠮷+ …$/u)
  })

  it('are the first of the turn where the hit itself cannot be seen', () => {
    expect(read('Die Straße ist lang.', 'STRASSE')).toBe('Die Straße ist lang.')
  })
})
