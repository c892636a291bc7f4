import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Notice } from '@/components/notice'
import { Button, buttonLook } from '@/components/ui/button'
import type { ConversationSummary } from '@/lib/api/models'
import { useDocumentTitle } from '@/lib/document-title'
import { wordsFor } from '@/lib/errors'
import { useTranslation } from 'react-i18next'
import { useServices } from '@/lib/services'
import { daysAgo, wholeMinutes } from '@/lib/time'
import { byDay, type Day } from './days'
import { conversationsQuery } from './history-queries'

export function HistoryPage() {
  const { t } = useTranslation(['history', 'common'])
  useDocumentTitle(t('title'))
  const { api } = useServices()
  const query = useInfiniteQuery(conversationsQuery(api))
  const days = byDay(query.data?.pages.flatMap(({ items }) => items) ?? [])
  return (
    <main id="content" className="mx-auto w-full max-w-176 flex-1 px-4 pt-6 pb-16 tablet:px-8">
      <h1 className="pb-4 font-said text-title">{t('title')}</h1>
      {query.isPending && <Skeleton name={t('common:loading')} />}
      {query.isError && days.length === 0 && (
        <Notice title={t('failed')} hint={wordsFor(query.error)} urgent>
          <Button onClick={() => void query.refetch()}>{t('common:retry')}</Button>
        </Notice>
      )}
      {query.isSuccess && days.length === 0 && (
        <Notice title={t('empty')} hint={t('emptyHint')}>
          <Link to="/" className={buttonLook()}>
            {t('emptyAction')}
          </Link>
        </Notice>
      )}
      {days.map((day) => (
        <DaySection key={day.key} day={day} />
      ))}
      {query.hasNextPage && (
        <div className="flex justify-center pt-6">
          <Button
            weight="quiet"
            disabled={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            {t('more')}
          </Button>
        </div>
      )}
    </main>
  )
}

const dayFormat = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
})
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })

function DaySection({ day }: { day: Day }) {
  const { t } = useTranslation(['history', 'common'])
  const near = [t('today'), t('yesterday')][daysAgo(day.first, new Date())]
  return (
    <section className="pt-5">
      <h2 className="pb-2 text-small font-medium text-ink-soft">
        {near ?? dayFormat.format(day.first)}
      </h2>
      <ul className="flex flex-col gap-2">
        {day.conversations.map((conversation) => (
          <li key={conversation.id}>
            <Row conversation={conversation} />
          </li>
        ))}
      </ul>
    </section>
  )
}

const rowLook =
  'flex min-h-20 flex-col justify-center gap-1 rounded-field border border-line px-5 py-3'

function Row({ conversation }: { conversation: ConversationSummary }) {
  const { t } = useTranslation(['history', 'common'])
  const { first_words: words, ended_at, started_at, duration_ms } = conversation
  return (
    <Link
      to="/history/$conversationId"
      params={{ conversationId: conversation.id }}
      className={`${rowLook} bg-raised hover:border-edge`}
    >
      <span dir="auto" className="truncate font-said text-reading">
        {words === '' ? t('silent') : words}
      </span>
      <span className="flex gap-2 text-small text-ink-soft">
        <time dateTime={started_at}>{timeFormat.format(new Date(started_at))}</time>
        <span aria-hidden="true">{'·'}</span>
        <span>
          {ended_at == null ? t('open') : t('minutes', { count: wholeMinutes(duration_ms) })}
        </span>
      </span>
    </Link>
  )
}

function Skeleton({ name }: { name: string }) {
  return (
    <div className="flex flex-col gap-2 pt-12" role="status" aria-label={name}>
      {[0, 1, 2, 3].map((row) => (
        <div key={row} className={`${rowLook} animate-breathe bg-sunken`} />
      ))}
    </div>
  )
}
