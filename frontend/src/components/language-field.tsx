import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { findLanguages, languageName, languagesIn, type Language } from '@/lib/languages'
import { useLanguage } from '@/lib/i18n'
import { Combobox, type ComboboxItem } from './ui/combobox'

interface LanguageFieldProps {
  label: string
  hint?: string | undefined
  error?: string | undefined
  /** BCP 47; empty as long as nothing is chosen. */
  value: string
  onChoose: (tag: string) => void
}

/** A choice among all the languages one may learn or speak; whoever knows a tag may type it. */
export function LanguageField({ label, hint, error, value, onChoose }: LanguageFieldProps) {
  const { t } = useTranslation('common')
  const uiLanguage = useLanguage()
  // A hundred names cost some milliseconds, which only those who open the list should wait for.
  const all = useMemo(() => once(() => languagesIn(uiLanguage)), [uiLanguage])
  return (
    <Combobox
      label={label}
      hint={hint}
      error={error}
      value={{
        value,
        label: value === '' ? t('languages.choose') : languageName(value, uiLanguage),
      }}
      find={(query) => findLanguages(all(), query, uiLanguage).map(itemOf)}
      onChoose={onChoose}
      searchLabel={t('languages.search')}
      nothingFound={t('languages.nothing')}
    />
  )
}

function itemOf({ tag, name, ownName }: Language): ComboboxItem {
  const same = ownName.toLowerCase() === name.toLowerCase()
  return { value: tag, label: name, ...(same ? {} : { note: ownName, noteLang: tag }) }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
