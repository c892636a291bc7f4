import { describe, expect, it } from 'vitest'
import { canonicalTag, findLanguages, languageName, languagesIn } from './languages'

const english = languagesIn('en')
const found = (query: string) => findLanguages(english, query, 'en').map(({ tag }) => tag)

describe('the list of languages', () => {
  it('has each language once, with a name in English and in French', () => {
    expect(new Set(english.map(({ tag }) => tag)).size).toBe(english.length)
    for (const ui of ['en', 'fr']) {
      for (const { tag, name } of languagesIn(ui)) {
        expect(name, tag).not.toBe(tag)
        expect(canonicalTag(tag)).toBe(tag)
      }
    }
  })

  it('is sorted as the language of the interface sorts', () => {
    const names = languagesIn('fr').map(({ name }) => name)
    expect(names).toEqual([...names].sort(new Intl.Collator('fr').compare))
    expect(names).toContain('Portugais brésilien')
  })
})

describe('a search', () => {
  it('finds by the beginning of the name, by its own name, and without accents', () => {
    expect(found('port')).toEqual(['pt-BR', 'pt-PT'].sort(byName))
    expect(found('espanol')).toContain('es')
    expect(found('Türkçe')[0]).toBe('tr')
    expect(findLanguages(languagesIn('fr'), 'bresil', 'fr')[0]?.tag).toBe('pt-BR')
  })

  it('puts a beginning before a middle', () => {
    const tags = found('ger')
    expect(tags.indexOf('de')).toBeLessThan(tags.indexOf('de-CH'))
  })

  it('puts the exact tag first', () => {
    expect(found('is')[0]).toBe('is')
    expect(found('PT-br')[0]).toBe('pt-BR')
  })

  it('takes a valid tag that is not in the list', () => {
    expect(found('es-co')[0]).toBe('es-CO')
    expect(findLanguages(english, 'es-co', 'en')[0]?.name).toBe('Spanish (Colombia)')
    expect(found('zzx')).toEqual(['zzx'])
  })

  it('does not take half of a word for a tag', () => {
    expect(found('wel')[0]).toBe('cy')
    expect(found('xqzw')).toEqual([])
    expect(found('not a language')).toEqual([])
  })

  it('gives everything for nothing', () => {
    expect(found('  ')).toHaveLength(english.length)
  })
})

describe('a tag', () => {
  it('is one when the API would take it', () => {
    expect(canonicalTag(' pt-br ')).toBe('pt-BR')
    for (const none of ['', 'p', 'pt_BR', 'portuguese', 'x-private', 'en-us-', 'a'.repeat(40)]) {
      expect(canonicalTag(none), none).toBeNull()
    }
  })

  it('that nobody knows is its own name', () => {
    expect(languageName('zzx', 'en')).toBe('zzx')
    expect(languageName('', 'en')).toBe('')
  })
})

function byName(one: string, other: string): number {
  return languageName(one, 'en').localeCompare(languageName(other, 'en'))
}
