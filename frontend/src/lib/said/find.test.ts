import { describe, expect, it } from 'vitest'
import { areAllIn, marked, wordsOf } from './find'

const hits = (text: string, query: string) =>
  marked(text, wordsOf(query))
    .filter(({ hit }) => hit)
    .map((piece) => piece.text)

describe('what is looked for in said words', () => {
  it('is found when all its words are there, in any order and in capitals or not', () => {
    expect(areAllIn('Em maio vou a Lisboa.', ' LISBOA  mai ')).toBe(true)
    expect(areAllIn('Em junho vou a Lisboa.', 'lisboa mai')).toBe(false)
    expect(areAllIn('l’été dernier', 'ÉTÉ')).toBe(true)
    expect(areAllIn('anything', '  ')).toBe(false)
  })

  it('is marked wherever one of its words is, and nothing is lost', () => {
    const text = 'In May I go to Lisbon. Lisbon is warm in may.'
    expect(hits(text, 'lisbon MAY')).toEqual(['May', 'Lisbon', 'Lisbon', 'may'])
    const pieces = marked(text, wordsOf('lisbon MAY'))
    expect(pieces.map((piece) => piece.text).join('')).toBe(text)
  })

  it('is marked as a whole rather than in part', () => {
    expect(hits('It is raining.', 'rain raining')).toEqual(['raining'])
  })

  it('is taken by the letter', () => {
    expect(hits('Is 2+2 (really) 4?', '2+2 (really)')).toEqual(['2+2', '(really)'])
    expect(hits('A cat. A cut.', 'c.t')).toEqual([])
    expect(hits('नमस्ते, आदा!', 'नमस्ते')).toEqual(['नमस्ते'])
  })
})
