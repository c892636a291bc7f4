import { Link, Navigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'
import { useDocumentTitle } from '@/lib/document-title'
import { useMediaQuery } from '@/lib/media-query'
import { SECTIONS } from './sections'

/** Where the list stands beside what is chosen in it. */
const DESK = '(min-width: 64rem)'

/** The list of the settings, which fills a phone; where it stands beside them, the first of them is shown at once. */
export function SettingsIndex() {
  const { t } = useTranslation('settings')
  useDocumentTitle(t('title'))
  if (useMediaQuery(DESK)) return <Navigate to="/settings/learning" replace />
  return (
    <main id="content" className="mx-auto w-full max-w-152 pt-6 pb-16">
      <h1 className="pb-4 font-said text-title">{t('title')}</h1>
      <ul className="overflow-hidden rounded-card border border-line bg-raised">
        {SECTIONS.map(({ name, path, icon }) => (
          <li key={name} className="border-b border-line last:border-0">
            <Link to={path} className="flex min-h-18 items-center gap-4 px-4 py-3 hover:bg-sunken">
              <Icon name={icon} className="size-6 text-ink-soft" />
              <span className="min-w-0 flex-1">
                <span className="block text-base font-medium">{t(`sections.${name}.title`)}</span>
                <span className="block text-small text-ink-soft">{t(`sections.${name}.hint`)}</span>
              </span>
              <Icon name="forward" className="size-5 text-ink-soft" />
            </Link>
          </li>
        ))}
      </ul>
    </main>
  )
}
