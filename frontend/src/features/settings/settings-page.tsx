import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'
import { useConnection } from '@/lib/connection'
import { useDocumentTitle } from '@/lib/document-title'
import { useAuthState } from '@/lib/services'
import type { SectionName } from './sections'

/** What is settled on this device alone needs nobody else. */
const OF_DEVICE: readonly SectionName[] = ['sound', 'display']

/** One room of the settings; on a phone with the way back to the list. */
export function SettingsPage({ section, children }: { section: SectionName; children: ReactNode }) {
  const { t } = useTranslation('settings')
  const title = t(`sections.${section}.title`)
  useDocumentTitle(title)
  const isOfAccount = !OF_DEVICE.includes(section)
  const isLost = useConnection() !== 'up' && isOfAccount
  // Opened without the server: there is nothing of the account to show.
  const isEmpty = useAuthState().status === 'away' && isOfAccount
  return (
    <main id="content" className="mx-auto w-full max-w-152 pt-3 pb-24 desk:mx-0 desk:pt-7">
      <Link
        to="/settings"
        className="-ml-2 inline-flex min-h-11 items-center gap-1 pr-3 text-base text-ink-soft hover:text-ink desk:hidden"
      >
        <Icon name="back" className="size-5" />
        {t('title')}
      </Link>
      <h1 className="pb-2 font-said text-title">{title}</h1>
      {isLost && <p className="py-3 text-base text-ink-soft">{t('needsConnection')}</p>}
      {!isEmpty && children}
    </main>
  )
}
