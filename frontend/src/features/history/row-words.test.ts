import { describe, expect, it } from 'vitest'
import { rowWords } from './row-words'

describe('the words by which a conversation is known again', () => {
  it('are the learner’s own', () => {
    expect(rowWords({ first_learner_words: 'Bom dia.', first_words: 'Olá!' })).toBe('Bom dia.')
  })

  it.each([null, '', undefined])('are the tutor’s where the learner’s are %o', (own) => {
    const words = own === undefined ? {} : { first_learner_words: own }
    expect(rowWords({ ...words, first_words: 'Olá!' })).toBe('Olá!')
  })

  it('are none where nothing was said', () => {
    expect(rowWords({ first_learner_words: null, first_words: '' })).toBeNull()
  })
})
