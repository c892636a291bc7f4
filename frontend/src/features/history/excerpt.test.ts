import { describe, expect, it } from 'vitest'
import { excerpt } from './excerpt'

const hits = (text: string, query: string) =>
  excerpt(text, query)
    .filter(({ hit }) => hit)
    .map((piece) => piece.text)
const read = (text: string, query: string) =>
  excerpt(text, query)
    .map((piece) => piece.text)
    .join('')

describe('the words around what was looked for', () => {
  it('marks every word that was looked for, in any order and in capitals or not', () => {
    const text = 'In May I go to Lisbon. Lisbon is warm in may.'
    expect(hits(text, 'lisbon MAY')).toEqual(['May', 'Lisbon', 'Lisbon', 'may'])
    expect(read(text, 'lisbon may')).toBe(text)
  })

  it('marks the whole of what was typed rather than a part of it', () => {
    expect(hits('It is raining.', 'rain raining')).toEqual(['raining'])
  })

  it('takes what was typed by the letter', () => {
    expect(hits('Is 2+2 (really) 4?', '2+2 (really)')).toEqual(['2+2', '(really)'])
    expect(hits('A cat. A cut.', 'c.t')).toEqual([])
  })

  it('stays around the first hit of a long turn, and cuts between words', () => {
    const long = `${'well and good '.repeat(40)}then the heron came ${'down the river '.repeat(40)}`
    const shown = read(long, 'heron')
    expect(shown).toMatch(/^… (good|well|and) .* the heron came .* (down|the|river) …$/)
    expect(shown.length).toBeLessThan(230)
  })

  it('finds words of other scripts, and breaks no letter where there are no spaces', () => {
    expect(hits('नमस्ते, आदा!', 'नमस्ते')).toEqual(['नमस्ते'])
    expect(hits('l’été dernier', 'ÉTÉ')).toEqual(['été'])
    const shown = read('𠮷'.repeat(300) + '鷺' + '𠮷'.repeat(300), '鷺')
    expect(shown).toMatch(/^… 𠮷+鷺𠮷+ …$/u)
  })

  it('shows the beginning where it cannot see the hit itself', () => {
    expect(read('Die Straße ist lang.', 'STRASSE')).toBe('Die Straße ist lang.')
  })
})
