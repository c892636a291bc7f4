import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Notice } from '@/components/notice'
import { Button } from '@/components/ui/button'
import type { Session } from '@/lib/api/models'
import { wordsFor } from '@/lib/errors'
import { useServices } from '@/lib/services'
import { sessionQuery } from './learner-settings'
import type { SectionName } from './sections'
import { SettingsPage } from './settings-page'

interface SessionPageProps {
  section: SectionName
  /** How high each of the controls is that will come, in steps of the scale. */
  skeleton: readonly number[]
  children: (session: Session) => ReactNode
}

/** A room of the settings that needs what is settled about the lessons. */
export function SessionPage({ section, skeleton, children }: SessionPageProps) {
  const { t } = useTranslation('common')
  const { api } = useServices()
  const query = useQuery(sessionQuery(api))
  return (
    <SettingsPage section={section}>
      {query.data !== undefined ? (
        children(query.data)
      ) : query.isError ? (
        <Notice title={t('start.unreachable')} hint={wordsFor(query.error)} urgent>
          <Button onClick={() => void query.refetch()}>{t('retry')}</Button>
        </Notice>
      ) : (
        <Skeleton name={t('loading')} heights={skeleton} />
      )}
    </SettingsPage>
  )
}

export function Skeleton({ name, heights }: { name: string; heights: readonly number[] }) {
  return (
    <div role="status" aria-label={name} className="flex flex-col gap-6 pt-6">
      {heights.map((height, index) => (
        <div
          key={index}
          className="animate-breathe rounded-field bg-sunken"
          style={{ height: `calc(var(--spacing) * ${height})` }}
        />
      ))}
    </div>
  )
}
