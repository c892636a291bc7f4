import i18n from 'i18next'
import resourcesToBackend from 'i18next-resources-to-backend'
import { useSyncExternalStore } from 'react'
import { initReactI18next } from 'react-i18next'
import type catalogue from '@/locales/en'

/** The languages of the interface, each by its own name. */
export const LANGUAGES = { en: 'English', fr: 'Français' } as const
export type Language = keyof typeof LANGUAGES

/** What this device was told to speak, over what the account or the browser would say. */
const CHOSEN = 'avaaz.language'
/** A file for each room of each language: a page fetches the words of its own room only. */
const CATALOGUES = import.meta.glob<Record<string, unknown>>('../locales/*/*.json', {
  import: 'default',
})

export type Words = keyof typeof catalogue

/** The first language of `wanted` (BCP 47) that the interface has; English when it has none. */
export function nearestLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split('-')[0]
    const known = languages().find((language) => language === primary)
    if (known !== undefined) return known
  }
  return 'en'
}

/** Brings the words of the first page up before it is drawn; other pages bring theirs (`loadWords`). */
export async function startI18n(words: Words[], language = deviceLanguage()): Promise<void> {
  await i18n
    .use(
      resourcesToBackend((language: string, name: string) => {
        const file = CATALOGUES[`../locales/${language}/${name}.json`]
        if (file === undefined) throw new Error(`no words of ${name} in ${language}`)
        return file()
      }),
    )
    .use(initReactI18next)
    .init({
      lng: language,
      fallbackLng: false,
      ns: words,
      defaultNS: 'common',
      // A page that lacks its words says so at once, and can be tried again.
      maxRetries: 0,
      // React escapes what it shows.
      interpolation: { escapeValue: false },
    })
  await loadWords(words)
  markDocument(language)
}

/** Fetches the words of a page before it is drawn with them; throws where they cannot be had. */
export async function loadWords(words: Words[]): Promise<void> {
  await fetchWords(words, i18n.language, () => i18n.loadNamespaces(words))
}

/** Speaks another language from here on, without loading the page anew; throws where its words cannot be had. */
export async function speak(language: Language): Promise<void> {
  if (language === i18n.language) return
  // Those that are on the page, or were.
  const words = i18n.options.ns as Words[]
  await fetchWords(words, language, () => i18n.loadLanguages(language))
  await i18n.changeLanguage(language)
  markDocument(language)
}

async function fetchWords(words: Words[], language: string, fetch: () => Promise<void>) {
  const missing = () => words.filter((name) => !i18n.hasResourceBundle(language, name))
  if (missing().length === 0) return
  await fetch()
  // What failed once, i18next asks for again only when it is told to.
  if (missing().length > 0) await i18n.reloadResources([language], missing())
  if (missing().length > 0) throw new Error(`no words of ${missing().join(', ')} in ${language}`)
}

/** The learner's choice on this device; the account's choice is the settings' to save. */
export async function chooseLanguage(language: Language): Promise<void> {
  await speak(language)
  localStorage.setItem(CHOSEN, language)
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
