import i18n from 'i18next'
import { useSyncExternalStore } from 'react'
import { initReactI18next } from 'react-i18next'

/** The languages of the interface, each by its own name. */
export const LANGUAGES = { en: 'English', fr: 'Français' } as const
export type Language = keyof typeof LANGUAGES

/** What this device was told to speak, over what the account or the browser would say. */
const CHOSEN = 'avaaz.language'
const CATALOGUES = {
  en: () => import('@/locales/en'),
  fr: () => import('@/locales/fr'),
}

/** The first language of `wanted` (BCP 47) that the interface has; English when it has none. */
export function nearestLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split('-')[0]
    const known = languages().find((language) => language === primary)
    if (known !== undefined) return known
  }
  return 'en'
}

/** Brings the words up before the first page is drawn. */
export async function startI18n(language = deviceLanguage()): Promise<void> {
  await i18n.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    ns: ['common', 'auth', 'talk', 'history', 'settings', 'welcome', 'devices'],
    defaultNS: 'common',
    resources: { [language]: (await CATALOGUES[language]()).default },
    // React escapes what it shows.
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  })
  markDocument(language)
}

/** Speaks another language from here on, without loading the page anew. */
export async function speak(language: Language): Promise<void> {
  if (language === i18n.language) return
  const words = (await CATALOGUES[language]()).default
  for (const [namespace, bundle] of Object.entries(words)) {
    i18n.addResourceBundle(language, namespace, bundle, true, true)
  }
  await i18n.changeLanguage(language)
  markDocument(language)
}

/** The learner's choice on this device; the account's choice is the settings' to save. */
export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(CHOSEN, language)
  await speak(language)
}

/** Takes up the account's language where this device was told nothing else. */
export async function followAccount(uiLanguage: string): Promise<void> {
  if (localStorage.getItem(CHOSEN) === null) await speak(nearestLanguage([uiLanguage]))
}

export function useLanguage(): Language {
  return useSyncExternalStore(
    (changed) => {
      i18n.on('languageChanged', changed)
      return () => i18n.off('languageChanged', changed)
    },
    () => nearestLanguage([i18n.language]),
  )
}

export function languages(): Language[] {
  return Object.keys(LANGUAGES) as Language[]
}

function deviceLanguage(): Language {
  return nearestLanguage([localStorage.getItem(CHOSEN) ?? '', ...navigator.languages])
}

function markDocument(language: Language): void {
  if (typeof document !== 'undefined') document.documentElement.lang = language
}
