import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LanguageField } from '@/components/language-field'
import { ChoiceCards } from '@/components/ui/choice-cards'
import { useLanguage } from '@/lib/i18n'
import { languageName } from '@/lib/languages'
import { languagesAtAGlance } from './guesses'
import { questionIds } from './question'

interface LanguageQuestionProps {
  /** What to show first. */
  likely: readonly string[]
  value: string | null
  error?: string | undefined
  onChoose: (tag: string | null) => void
}

const OTHER = 'other'

/** The usual languages at a glance, and all the others behind the last card. */
export function LanguageQuestion({ likely, value, error, onChoose }: LanguageQuestionProps) {
  const { t } = useTranslation('welcome')
  const uiLanguage = useLanguage()
  const shown = languagesAtAGlance(likely)
  const [searches, setSearches] = useState(value !== null && !shown.includes(value))
  const cards = shown.map((tag) => {
    const label = languageName(tag, uiLanguage)
    const ownName = languageName(tag, tag)
    return {
      value: tag,
      label,
      ...(ownName === label ? {} : { hint: <span lang={tag}>{ownName}</span> }),
    }
  })
  return (
    <div className="flex flex-col gap-4">
      <ChoiceCards
        {...questionIds}
        columns="fitting"
        invalid={error !== undefined}
        value={searches ? OTHER : (value ?? '')}
        choices={[...cards, { value: OTHER, label: t('language.other') }]}
        onChoose={(chosen) => {
          setSearches(chosen === OTHER)
          onChoose(chosen === OTHER ? null : chosen)
        }}
      />
      {searches && (
        <LanguageField label={t('language.which')} value={value ?? ''} onChoose={onChoose} />
      )}
      {error !== undefined && (
        <p role="alert" className="text-small text-danger">
          {error}
        </p>
      )}
    </div>
  )
}
