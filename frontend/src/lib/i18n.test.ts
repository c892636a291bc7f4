import i18n from 'i18next'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { nearestLanguage, speak, startI18n } from './i18n'

describe('the language of the interface', () => {
  it.each([
    [['fr-CA', 'en'], 'fr'],
    [['pt-BR', 'fr', 'en'], 'fr'],
    [['EN-gb'], 'en'],
    [['fa', 'ar'], 'en'],
    [[], 'en'],
  ])('is the first of %j that there is', (wanted, language) => {
    expect(nearestLanguage(wanted)).toBe(language)
  })

  describe('while the page is open', () => {
    beforeAll(async () => startI18n(['common', 'talk', 'history'], 'en'))

    it('stays as it is where the words of another cannot be had', async () => {
      vi.spyOn(i18n, 'loadLanguages').mockResolvedValueOnce(undefined)
      vi.spyOn(i18n, 'reloadResources').mockResolvedValueOnce(undefined)
      await expect(speak('fr')).rejects.toThrow('no words')
      expect(i18n.language).toBe('en')
    })

    it('can change, with plurals by the rules of the new one', async () => {
      expect(i18n.t('talk:endedTurns', { count: 0 })).toBe('You listened this time.')
      expect(i18n.t('history:find.places', { count: 0 })).toBe('0 places')
      await speak('fr')
      // In French, nothing is singular.
      expect(i18n.t('history:find.places', { count: 0 })).toBe('0 endroit')
      expect(i18n.t('history:find.places', { count: 2 })).toBe('2 endroits')
    })
  })
})
