import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Notice } from '@/components/notice'
import { Button, buttonLook } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { asApiError } from '@/lib/api/problem'
import { useDocumentTitle } from '@/lib/document-title'
import { wordsFor } from '@/lib/errors'
import { useServices } from '@/lib/services'
import { useClock } from '@/lib/use-clock'
import { ConversationHead } from './conversation-head'
import { ConversationScript } from './conversation-script'
import { conversationQuery } from './history-queries'
import { useDeletions } from './use-deletions'

interface ConversationPageProps {
  id: string
  /** What was looked for on the way here. */
  q: string
  /** The number of the turn that was found. */
  turn: number | null
}

export function ConversationPage({ id, q, turn }: ConversationPageProps) {
  const { t } = useTranslation(['history', 'common'])
  const { api } = useServices()
  const clock = useClock()
  const { hidden } = useDeletions()
  const query = useQuery(conversationQuery(api, id))
  const started = query.data && clock.fullDay(new Date(query.data.started_at))
  useDocumentTitle(started ?? t('title'))
  const gone = hidden.has(id) || (query.isError && asApiError(query.error).code === 'not_found')
  return (
    <main
      id="content"
      className="mx-auto w-full max-w-176 flex-1 px-4 pt-4 pb-24 tablet:px-8 print:max-w-none print:p-0"
    >
      <Link
        to="/history"
        search={q === '' ? {} : { q }}
        className="-ml-2 inline-flex min-h-11 items-center gap-1 rounded-small pr-3 text-base text-ink-soft hover:text-ink print:hidden"
      >
        <Icon name="back" className="size-5" />
        {q === '' ? t('title') : t('search.back')}
      </Link>
      {gone ? (
        <Notice title={t('missing')}>
          <Link to="/history" className={buttonLook()}>
            {t('title')}
          </Link>
        </Notice>
      ) : query.data !== undefined ? (
        <article className="flex flex-col gap-6 pt-2">
          <ConversationHead conversation={query.data} clock={clock} />
          <ConversationScript
            key={`${id} ${turn} ${q}`}
            {...{ clock, q, turn }}
            turns={query.data.turns}
          />
        </article>
      ) : query.isError ? (
        <Notice title={t('failedOne')} hint={wordsFor(query.error)} urgent>
          <Button onClick={() => void query.refetch()}>{t('common:retry')}</Button>
        </Notice>
      ) : (
        <Skeleton name={t('common:loading')} />
      )}
    </main>
  )
}

function Skeleton({ name }: { name: string }) {
  return (
    <div role="status" aria-label={name} className="flex flex-col gap-6 pt-2">
      <div className="flex flex-col gap-2">
        <div className="h-8 w-72 max-w-full animate-breathe rounded-small bg-sunken" />
        <div className="h-6 w-44 animate-breathe rounded-small bg-sunken" />
      </div>
      <div className="h-12 animate-breathe rounded-full bg-sunken" />
      {[78, 52, 90, 40, 66].map((width) => (
        <div
          key={width}
          className="h-8 animate-breathe rounded-small bg-sunken tablet:ml-22"
          style={{ width: `calc(${width}% - 5.5rem)` }}
        />
      ))}
    </div>
  )
}
