import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { LanguageChoice } from './language-choice'

/** The one card of a page that lets one in. */
export function AuthCard({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation(['auth', 'common'])
  return (
    <main
      id="content"
      className="mx-auto flex min-h-dvh w-full max-w-112 flex-col justify-center gap-8 px-4 py-10"
    >
      <div className="flex flex-col items-center gap-4 text-center">
        <Rings />
        <div>
          <p className="font-said text-title font-medium">{t('common:name')}</p>
          <p className="text-base text-ink-soft">{t('welcome')}</p>
        </div>
      </div>
      <div className="flex flex-col gap-5 rounded-card border border-line bg-raised p-6 tablet:p-8">
        <h1 className="font-said text-title">{title}</h1>
        {children}
      </div>
      <LanguageChoice />
    </main>
  )
}

/** The two voices. */
const Rings = () => (
  <svg viewBox="0 0 64 64" className="size-16" fill="none" strokeWidth="3" aria-hidden="true">
    <circle cx="32" cy="32" r="28" className="stroke-tutor" />
    <circle cx="32" cy="32" r="15" className="stroke-learner" />
  </svg>
)
