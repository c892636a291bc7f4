import { describe, expect, it } from 'vitest'
import { guessLearnt, guessSpoken, languagesAtAGlance, spokenLanguages } from './guesses'

describe('what a browser’s languages tell', () => {
  it('are languages, without the regions that only dates need', () => {
    expect(spokenLanguages(['de-AT', 'de', 'en-US', 'en', 'hr'])).toEqual(['de', 'en', 'hr'])
  })

  it('keeps a region where it is another language to the ear', () => {
    expect(spokenLanguages(['pt-BR', 'zh-Hant-TW', 'pt'])).toEqual(['pt-BR', 'zh-Hant', 'pt'])
  })

  it('passes over what is no language', () => {
    expect(spokenLanguages(['*', '', 'de'])).toEqual(['de'])
  })
})

describe('the first guess', () => {
  it('is that one speaks the browser’s first language, or English where it has none', () => {
    expect(guessSpoken(['fa-IR', 'en'])).toBe('fa')
    expect(guessSpoken([])).toBe('en')
  })

  it('is that one learns English, unless one has it: then nothing is guessed', () => {
    expect(guessLearnt(['fr-FR', 'en'])).toBe('en')
    expect(guessLearnt(['en-GB', 'fr'])).toBeNull()
  })
})

describe('the languages at a glance', () => {
  it('begin with the likely ones, and have each once', () => {
    expect(languagesAtAGlance(['pt-BR', 'en']).slice(0, 4)).toEqual(['pt-BR', 'en', 'es', 'fr'])
    expect(languagesAtAGlance(['pt-BR', 'en'])).not.toContain('pt')
  })

  it('are as many with a likely one that few speak as without', () => {
    expect(languagesAtAGlance(['fa'])).toHaveLength(languagesAtAGlance([]).length)
    expect(languagesAtAGlance(['fa'])[0]).toBe('fa')
  })
})
