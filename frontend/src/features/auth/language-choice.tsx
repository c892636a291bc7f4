import { takeLanguage } from '@/components/choose-language'
import { LANGUAGES, languages, useLanguage } from '@/lib/i18n'

/** The languages of the interface, each by its own name: whoever cannot read the page finds theirs. */
export function LanguageChoice() {
  const spoken = useLanguage()
  return (
    <div className="flex flex-wrap justify-center gap-1">
      {languages().map((language) => (
        <button
          key={language}
          type="button"
          lang={language}
          aria-pressed={language === spoken}
          className="min-h-11 rounded-full px-4 text-base text-ink-soft hover:text-ink aria-pressed:font-medium aria-pressed:text-ink"
          onClick={() => takeLanguage(language)}
        >
          {LANGUAGES[language]}
        </button>
      ))}
    </div>
  )
}
